#include "evenkeel/program/store.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"
#include "evenkeel/base/memory.h"
#include "evenkeel/program/finish.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

BlockLayout layout_of(const std::vector<std::pair<std::string, Shape>>& parameters) {
  Program program;
  for (const auto& [name, shape] : parameters) program.parameter(name, shape, true);
  finish(program);
  return program.parameters;
}

TEST(Block, BeginsAsZeros) {
  const Block block(layout_of({{"a", {3}}}));
  for (const float v : block.get("a").as<float>()) EXPECT_EQ(v, 0.0f);
}

TEST(Block, HandsBackWhatWasSet) {
  Block block(layout_of({{"a", {3}}, {"b", {2}}}));
  const std::vector<float> values = {1, 2};
  block.set("b", Tensor::of<float>({2}, values));
  const auto read = block.get("b").as<float>();
  EXPECT_EQ(std::vector<float>(read.begin(), read.end()), values);
  EXPECT_EQ(block.values<float>("a")[0], 0.0f);
}

TEST(Block, AlignsEveryTensor) {
  const Block block(layout_of({{"a", {1}}, {"b", {17}}, {"c", {2}}}));
  for (const char* name : {"a", "b", "c"})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.get(name).data) % kAlignment, 0u) << name;
}

TEST(Block, RefusesAnotherShape) {
  Block block(layout_of({{"a", {3}}}));
  EXPECT_THROW(block.set("a", Tensor({4}, DType::float32)), Error);
}

TEST(Block, RefusesAnotherType) {
  Block block(layout_of({{"a", {3}}}));
  EXPECT_THROW(block.set("a", Tensor({3}, DType::float64)), Error);
}

TEST(Block, RefusesAnUnknownName) {
  const Block block(layout_of({{"a", {3}}}));
  EXPECT_THROW(static_cast<void>(block.get("b")), Error);
}

/// A finished program with one parameter and one state.
std::unique_ptr<Program> small_program(const Shape& parameter, bool with_state = true) {
  auto program = std::make_unique<Program>();
  program->parameter("a", parameter, true);
  if (with_state) program->state("s", {2});
  finish(*program);
  return program;
}

TEST(Store, IsSharedByProgramsThatLayItOutAlike) {
  Store store;
  store.fit(*small_program({3}));
  store.parameters.values<float>("a")[1] = 5;
  store.fit(*small_program({3}));
  EXPECT_EQ(store.parameters.values<float>("a")[1], 5);
}

TEST(Store, IsSharedByAProgramThatLacksABlock) {
  Store store;
  store.fit(*small_program({3}));
  store.state.values<float>("s")[0] = 5;
  store.fit(*small_program({3}, false));
  EXPECT_EQ(store.state.values<float>("s")[0], 5);
}

TEST(Store, GetsABlockFromTheFirstProgramThatHasIt) {
  Store store;
  store.fit(*small_program({3}, false));
  EXPECT_FALSE(store.state.has("s"));
  store.fit(*small_program({3}));
  EXPECT_TRUE(store.state.has("s"));
}

TEST(Store, RefusesAProgramThatLaysABlockOutOtherwise) {
  Store store;
  store.fit(*small_program({3}));
  EXPECT_THROW(store.fit(*small_program({4})), Error);
}

TEST(Store, HoldsAllItsBlocksTogetherAgainstTheMemoryThereIs) {
  const std::int64_t half = available_memory() / 2 / 4;
  Program program;
  program.parameter("p", {half + half / 4}, true);
  program.state("s", {half + half / 4});
  finish(program);
  Store store;
  EXPECT_SAYS(error_of([&] { store.fit(program); }), "bytes that are available");
  EXPECT_FALSE(store.parameters.has("p"));
}

TEST(Store, SharesItsWeightsAndNothingElse) {
  Program program;
  program.parameter("p", {2}, true);
  program.state("s", {2});
  program.supplied("given", {2});
  program.probe("seen", {2});
  finish(program);
  Store store;
  store.fit(program);
  Store other = store.sharing_weights();
  other.fit(program);
  other.parameters.values<float>("p")[0] = 1;
  other.state.values<float>("s")[0] = 2;
  other.supplied.values<float>("given")[0] = 3;
  other.probes.values<double>("seen")[0] = 4;
  EXPECT_EQ(store.parameters.values<float>("p")[0], 1);
  EXPECT_EQ(store.state.values<float>("s")[0], 2);
  EXPECT_EQ(store.supplied.values<float>("given")[0], 0);
  EXPECT_EQ(store.probes.values<double>("seen")[0], 0);
}

TEST(Arena, KeepsItsMemoryUntilMoreIsAskedFor) {
  Arena arena;
  const std::byte* first = arena.reserve(1000);
  EXPECT_EQ(arena.reserve(10), first);
  EXPECT_GE(arena.size(), 1000u);
  arena.reserve(5000);
  EXPECT_GE(arena.size(), 5000u);
}

}  // namespace
}  // namespace evenkeel
