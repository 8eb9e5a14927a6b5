#include "evenkeel/base/limits.h"

#include <gtest/gtest.h>

#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/model_file.h"
#include "helpers.h"

namespace evenkeel {
namespace {

std::string refusal(const std::string& text) {
  return error_of([&] { parse_model_file(text, "m.toml"); });
}

std::string times(std::size_t n, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i) all += text;
  return all;
}

TEST(Limits, OfDepthAreErrorsBeforeTheParserCallsItself) {
  for (const std::size_t depth : {std::size_t{40'000}, std::size_t{400'000}}) {
    EXPECT_SAYS(refusal('[' + times(depth, "a.") + "b]"), "m.toml:1: expected at most 64 levels");
    EXPECT_SAYS(refusal("a = " + times(depth, "[")), "at most 64 levels");
    EXPECT_SAYS(refusal("a = " + times(depth, "{a=")), "at most 64 levels");
  }
}

TEST(Limits, OfNamesAreErrorsThatDoNotRepeatTheName) {
  const std::string name(2'000'000, 'x');
  for (const std::string& text : {"name = \"" + name + "\"\ninput = [4]\n[[layer]]\ntype = \"Flatten\"\n",
                                  "input = [4]\n[[layer]]\ntype = \"Flatten\"\nname = \"" + name + "\"\n"}) {
    const std::string error = refusal(text);
    EXPECT_SAYS(error, "a name of at most 1,000 bytes, received 2,000,000");
    EXPECT_LT(error.size(), 2'500u);
  }
  for (const std::string& text : {name + " = 1", "input = [4]\n[[layer]]\ntype = \"" + name + "\"\n"})
    EXPECT_LT(refusal(text).size(), 20'000u);
  EXPECT_EQ(refusal("name = \"" + std::string(1000, 'x') + "\"\ninput = [4]\n[[layer]]\ntype = \"Flatten\"\n"), "");
}

TEST(Limits, OfLayersAreErrors) {
  Model model({4});
  for (std::size_t i = 0; i < limits::kLayers; ++i) model.append(Flatten{});
  EXPECT_SAYS(error_of([&] { model.append(Flatten{}); }), "at most 100,000 layers");
}

/// Far more layers than a call for each would find room for on the stack, and than time in their square would end for.
TEST(Limits, AreFarAboveAGraphThatIsWalked) {
  Model chain({4}), graph({4});
  for (int i = 0; i < 30'000; ++i) chain.append(i % 2 == 0 ? Layer(Dense{.units = 4}) : Layer(Flatten{}));
  EXPECT_EQ(weights_of(chain).size(), 30'000u);
  EXPECT_EQ(parse_model_file(write_model_file({.model = chain}), "chain").model.layers(), 30'000);
  std::string last = graph.append(Dense{.units = 4});
  for (int i = 0; i < 10'000; ++i) last = graph.append(Add{}, {last, last});
  EXPECT_EQ(compile(graph, {.batch_size = 1}).layer_outputs.size(), 10'001u);
}

}  // namespace
}  // namespace evenkeel
