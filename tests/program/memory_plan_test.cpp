#include "evenkeel/program/memory_plan.h"

#include <gtest/gtest.h>

#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/finish.h"
#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/tensor/tensor.h"
#include "tests/support/memory_check.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kLine = static_cast<std::int64_t>(kAlignment);

Value relu(Program& program, Value x, const std::string& name) {
  return program.emit_one(ops::Activation(kernels::Activation::relu), {x}, name);
}

/// A chain of relus over one float per byte line: name_0, name_1, ...
void chain(Program& program, int length) {
  Value x = program.input("x", {16}, DType::float32);
  for (int i = 0; i < length; ++i) x = relu(program, x, "r/" + std::to_string(i));
  program.keep(x);
}

TEST(MemoryPlan, WorksInPlaceAlongAChain) {
  Program program;
  chain(program, 5);
  finish(program);
  EXPECT_EQ(program.memory.arena_bytes, kLine);
  EXPECT_EQ(program.memory.unplanned_bytes, 5 * kLine);
}

TEST(MemoryPlan, NeverWritesOverAnInputOfTheCallers) {
  Program program;
  const Value y = relu(program, program.input("x", {16}, DType::float32), "y");
  program.keep(y);
  finish(program);
  EXPECT_EQ(program.value(y.id()).offset, 0);
  EXPECT_EQ(program.memory.arena_bytes, kLine);
}

TEST(MemoryPlan, NeverWritesOverAValueThatIsReadLater) {
  Program program;
  const Value a = relu(program, program.input("x", {16}, DType::float32), "a");
  const Value b = relu(program, a, "b");
  program.keep(program.emit_one(ops::Add(), {a, b}, "c"));
  finish(program);
  EXPECT_NE(program.value(a.id()).offset, program.value(b.id()).offset);
  EXPECT_TRUE(memory_is_sound(program));
}

TEST(MemoryPlan, NeverWritesOverAKeptValue) {
  Program program;
  chain(program, 5);
  program.keep(program.find("r/1"));
  finish(program);
  const std::int64_t kept = program.value(program.id_of("r/1")).offset;
  for (const char* later : {"r/2", "r/3", "r/4"}) EXPECT_NE(program.value(program.id_of(later)).offset, kept) << later;
}

TEST(MemoryPlan, NeverWritesOverAValueThatIsReadThroughAView) {
  Program program;
  const Value a = relu(program, program.input("x", {16}, DType::float32), "a");
  const Value view = program.emit_one(ops::Reshape({4, 4}), {a}, "view");
  const Value b = relu(program, a, "b");
  program.keep(b);
  program.keep(relu(program, view, "c"));
  finish(program);
  EXPECT_NE(program.value(a.id()).offset, program.value(b.id()).offset);
  EXPECT_TRUE(memory_is_sound(program));
}

TEST(MemoryPlan, KeepsTheMemoryBehindAKeptView) {
  Program program;
  const Value a = relu(program, program.input("x", {16}, DType::float32), "a");
  program.keep(program.emit_one(ops::Reshape({4, 4}), {a}, "view"));
  const Value b = relu(program, a, "b");
  program.keep(b);
  finish(program);
  EXPECT_NE(program.value(a.id()).offset, program.value(b.id()).offset);
}

TEST(MemoryPlan, IsSoundForATrainingStep) {
  Program program;
  Value x = program.input("x", {3, 9, 7, 3}, DType::float32);
  std::int64_t channels = 3;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "conv" + std::to_string(i);
    program.set_label(name);
    const Value kernel = program.parameter(name + "/kernel", {3, 3, channels, 5}, true);
    channels = 5;
    const Value y =
        program.emit_one(ops::Convolution({.kernel = 3, .strides = 1, .padding = Padding::same}), {x, kernel, Value()});
    const Value z = relu(program, y, "relu");
    x = i % 2 == 0 ? z : program.emit_one(ops::Add(), {x, z});
  }
  x = program.emit_one(ops::MaxPool({.kernel = 2, .strides = 2}), {x});
  differentiate(program, x, program.input("seed", x.shape(), DType::float32));
  finish(program);
  EXPECT_TRUE(memory_is_sound(program));
  EXPECT_LT(program.memory.arena_bytes, program.memory.unplanned_bytes);
}

TEST(MemoryPlan, PutsTrainableParametersFirstAndTheirGradientsAtTheSameOffsets) {
  Program program;
  const Value frozen = program.parameter("frozen", {3}, false);
  const Value a = program.parameter("a", {5}, true), b = program.parameter("b", {20}, true);
  const Value ab = program.emit_one(ops::Add(), {program.emit_one(ops::Reshape({5}), {a}), a});
  const Value seed = program.input("seed", {5}, DType::float32);
  differentiate(program, ab, seed);
  finish(program);
  EXPECT_EQ(program.value(a.id()).offset, 0);
  EXPECT_EQ(program.value(b.id()).offset, kLine);
  EXPECT_EQ(program.value(frozen.id()).offset, 3 * kLine);
  EXPECT_EQ(program.gradients.find("a/gradient")->offset, 0);
  EXPECT_EQ(program.gradients.find("b/gradient")->offset, kLine);
  EXPECT_EQ(trainable_bytes(program), 3 * kLine);
  EXPECT_EQ(program.memory.gradient_bytes, 3 * kLine);
  EXPECT_EQ(program.memory.parameter_bytes, 4 * kLine);
}

}  // namespace
}  // namespace evenkeel
