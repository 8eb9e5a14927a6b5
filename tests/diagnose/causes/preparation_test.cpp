#include "evenkeel/diagnose/causes/preparation.h"

#include "tests/support/testing.h"

namespace evenkeel {
namespace {

Remedy of_scale(std::vector<double> scale, std::vector<double> offset) {
  return preparation(
      {InputHypothesis{.name = "n", .correction = "c", .scale = std::move(scale), .offset = std::move(offset)}});
}

TEST(Preparation, HasTheFactorThatWasFound) {
  EXPECT_EQ(of_scale({1 / 16.5}, {0}).keras, "model = keras.Sequential([keras.layers.Rescaling(1 / 16.5), model])");
  EXPECT_SAYS(of_scale({1 / 255.0}, {0}).keras, "Rescaling(1 / 255)");
  EXPECT_SAYS(of_scale({255}, {0}).pytorch, "x = x * 255  #");
}

TEST(Preparation, HasTheOffsetWhereThereIsOne) {
  EXPECT_SAYS(of_scale({1 / 127.5}, {-1}).keras, "Rescaling(1 / 127.5, -1)");
  EXPECT_SAYS(of_scale({0.5}, {0.5}).keras, "Rescaling(0.5, 0.5)");
  EXPECT_SAYS(of_scale({1}, {-120.69}).pytorch, "x = x + -120.69  #");
}

TEST(Preparation, HasANumberPerChannelWhereTheyDiffer) {
  const Remedy remedy = of_scale({1, 1, 1}, {-103.9, -116.8, -123.7});
  EXPECT_SAYS(remedy.keras, "Rescaling([1, 1, 1], [-103.9, -116.8, -123.7])");
  EXPECT_SAYS(remedy.pytorch, "x = x + torch.tensor([-103.9, -116.8, -123.7]).view(-1, 1, 1)  #");
}

TEST(Preparation, HasEveryStepInTheOrderInWhichItIsDone) {
  const Remedy remedy = preparation({InputHypothesis{.name = "n",
                                                     .correction = "c",
                                                     .scale = {1 / 255.0},
                                                     .offset = {0},
                                                     .reverse_channels = true,
                                                     .transpose = true}});
  EXPECT_SAYS(remedy.keras, "x.transpose(0, 2, 1, 3)  # height and width\nx = x[..., ::-1]");
  EXPECT_SAYS(remedy.keras, "or the other way\nmodel = keras.Sequential(");
  EXPECT_SAYS(remedy.pytorch, "x = x.transpose(2, 3)  # height and width\nx = x.flip(1)");
}

TEST(Preparation, OfSeveralStepsHasThemInTheirOrder) {
  const Remedy remedy = preparation({InputHypothesis{.name = "n", .correction = "c", .flip_width = true},
                                     {.name = "m", .correction = "d", .scale = {255}, .offset = {0}}});
  EXPECT_EQ(remedy.keras, "x = x[:, :, ::-1]  # left for right\nx = x * 255");
  EXPECT_SAYS(remedy.pytorch, "x = x.flip(3)  # left for right\nx = x * 255");
}

}  // namespace
}  // namespace evenkeel
