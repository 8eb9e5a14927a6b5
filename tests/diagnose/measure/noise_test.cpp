#include "evenkeel/diagnose/measure/noise.h"

#include "evenkeel/diagnose/measure/own_network.h"
#include "evenkeel/diagnose/measure/variance_shift.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

/// Of a model's last normalization.
std::optional<NoiseShift> shift_of(const Model& model, std::int64_t samples = 4000, double mean = 0.3) {
  Network network(model, {.seed = 1, .compute = {.threads = 2}});
  const Dataset data = normal_data(samples, model.input_shape(), mean);
  const Reestimated off = measure_statistics(network, data);
  const Reestimated on = measure_statistics(network, data, {.dropout = true});
  OwnNetwork own(network);
  return noise_shifts(own, data, off.after, on.after, 70).back();
}

TEST(Noise, RightBeforeANormalizationHasThePapersClosedForm) {
  for (const double keep : {0.9, 0.7, 0.5}) {
    Sequential model({16});
    model.add(Activation{relu}, Dropout{.rate = 1 - keep, .name = "drop"}, BatchNormalization{}, Dense{.units = 2});
    const auto shift = shift_of(model, 5000, 0);
    ASSERT_TRUE(shift);
    EXPECT_EQ(shift->noise, "drop");
    ASSERT_TRUE(shift->closed_form);
    // relu of a standard normal number: 0.860, 0.614, 0.405.
    EXPECT_NEAR(*shift->closed_form, keep == 0.9 ? 0.860 : keep == 0.7 ? 0.614 : 0.405, 0.005);
    EXPECT_NEAR(shift->measured, *shift->closed_form, 0.01);
  }
}

TEST(Noise, GoesThroughADenseLayerAsTheSumOfSquares) {
  Sequential model({4, 3, 2});
  model.add(Activation{relu}, Dropout{.rate = 0.35}, Flatten{}, Dense{.units = 7}, BatchNormalization{},
            Dense{.units = 2});
  const auto shift = shift_of(model);
  ASSERT_TRUE(shift && shift->closed_form);
  EXPECT_LT(*shift->closed_form, 0.9);
  EXPECT_NEAR(*shift->closed_form, shift->measured, 0.01);
}

TEST(Noise, OfNormalNumbersAddsAsMuch) {
  Sequential model({9});
  model.add(Activation{relu}, GaussianDropout{.rate = 0.3}, Dense{.units = 6}, BatchNormalization{}, Dense{.units = 2});
  const auto shift = shift_of(model);
  ASSERT_TRUE(shift && shift->closed_form);
  EXPECT_NEAR(*shift->closed_form, shift->measured, 0.01);
}

TEST(Noise, GoesThroughAConvolutionWithItsPaddingAndStride) {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    Sequential model({6, 5, 3});
    model.add(Activation{relu}, Dropout{.rate = 0.6},
              Conv2D{.filters = 5, .kernel_size = {3, 2}, .strides = {2, 1}, .padding = padding}, BatchNormalization{},
              Flatten{}, Dense{.units = 2});
    const auto shift = shift_of(model);
    ASSERT_TRUE(shift && shift->closed_form);
    EXPECT_LT(*shift->closed_form, 0.8);
    EXPECT_NEAR(*shift->closed_form, shift->measured, 0.01);
  }
}

TEST(Noise, GoesThroughGroupsDilationAndTransposedConvolutions) {
  const std::vector<Layer> layers = {
      DepthwiseConv2D{.padding = 1, .depth_multiplier = 2},
      Conv2D{.filters = 6, .padding = {0, 2, 1, 1}, .dilation_rate = 2, .groups = 2},
      Conv2DTranspose{.filters = 6, .strides = 2, .padding = Padding::same, .groups = 2}};
  for (const Layer& layer : layers) {
    SCOPED_TRACE(layer.type());
    Sequential model({6, 5, 4});
    model.add(Activation{relu}, Dropout{.rate = 0.6});
    model.append(layer);
    model.add(BatchNormalization{}, Flatten{}, Dense{.units = 2});
    const auto shift = shift_of(model);
    ASSERT_TRUE(shift && shift->closed_form);
    EXPECT_LT(*shift->closed_form, 0.8);
    EXPECT_NEAR(*shift->closed_form, shift->measured, 0.015);
  }
}

TEST(Noise, HasNoClosedFormThroughTwoKernels) {
  Sequential model({6, 5, 4});
  model.add(Dropout{.rate = 0.6}, SeparableConv2D{.filters = 3}, BatchNormalization{}, Flatten{}, Dense{.units = 2});
  const auto shift = shift_of(model, 100);
  ASSERT_TRUE(shift);
  EXPECT_FALSE(shift->closed_form);
}

TEST(Noise, OfUoutAddsAThirdOfBetaSquared) {
  Sequential model({8});
  model.add(Activation{relu}, Uout{.beta = 0.8}, BatchNormalization{}, Dense{.units = 2});
  const auto shift = shift_of(model);
  ASSERT_TRUE(shift && shift->closed_form);
  EXPECT_NEAR(*shift->closed_form, shift->measured, 0.01);
}

TEST(Noise, HasNoClosedFormBehindAnActivation) {
  Sequential model({8});
  model.add(Dropout{.rate = 0.3, .name = "drop"}, Dense{.units = 9, .activation = relu}, BatchNormalization{},
            Dense{.units = 2});
  const auto shift = shift_of(model, 100);
  ASSERT_TRUE(shift);
  EXPECT_EQ(shift->noise, "drop");
  EXPECT_FALSE(shift->closed_form);
}

TEST(Noise, OfWholeChannelsHasNoneBehindASumOverPositions) {
  Sequential model({5, 5, 3});
  model.add(SpatialDropout2D{.rate = 0.4, .name = "drop"}, Conv2D{.filters = 4}, BatchNormalization{}, Flatten{},
            Dense{.units = 2});
  const auto shift = shift_of(model, 100);
  ASSERT_TRUE(shift);
  EXPECT_FALSE(shift->closed_form);
}

TEST(Noise, OfWholeChannelsHasOneRightBefore) {
  Sequential model({5, 5, 3});
  model.add(Activation{relu}, SpatialDropout2D{.rate = 0.4}, BatchNormalization{}, Flatten{}, Dense{.units = 2});
  const auto shift = shift_of(model);
  ASSERT_TRUE(shift && shift->closed_form);
  EXPECT_NEAR(*shift->closed_form, shift->measured, 0.02);
}

TEST(Noise, IsFoundOnAnyBranch) {
  Model model({6}, "branches");
  model.append(Dropout{.rate = 0.2, .name = "first"});
  model.append(Dense{.units = 4, .name = "left"});
  model.append(Dropout{.rate = 0.5, .name = "second"}, {"input"});
  model.append(Dense{.units = 4, .name = "right"});
  model.append(BatchNormalization{.name = "of_left"}, {"left"});
  model.append(Add{.name = "sum"}, {"of_left", "right"});
  model.append(BatchNormalization{.name = "of_sum"});
  model.append(Dense{.units = 2, .name = "head"});
  const auto noise_of = [&](const std::string& layer) { return noise_in_front(model, model.find(layer)); };
  ASSERT_TRUE(noise_of("of_left"));
  EXPECT_EQ(noise_of("of_left")->noise, model.find("first"));
  EXPECT_EQ(noise_of("of_left")->linear, model.find("left"));
  ASSERT_TRUE(noise_of("of_sum"));
  EXPECT_EQ(noise_of("of_sum")->noise, model.find("second"));
  EXPECT_FALSE(noise_of("of_sum")->has_closed_form);
}

TEST(Noise, OfABranchBeforeASumHasTheClosedForm) {
  Model model({4, 4, 3}, "residual");
  model.append(Conv2D{.filters = 5, .padding = Padding::same, .name = "stem"});
  model.append(Conv2D{.filters = 5, .padding = Padding::same, .activation = relu, .name = "branch"});
  model.append(StochasticDepth{.rate = 0.4, .name = "drop"});
  model.append(Add{.name = "sum"}, {"stem", "drop"});
  model.append(BatchNormalization{.name = "norm"});
  model.append(Flatten{});
  model.append(Dense{.units = 2, .name = "head"});
  const auto shift = shift_of(model, 4000);
  ASSERT_TRUE(shift && shift->closed_form);
  EXPECT_EQ(shift->noise, "drop");
  EXPECT_LT(*shift->closed_form, 0.95);
  // A sample has one draw, so the masks of few passes are the largest error.
  EXPECT_NEAR(*shift->closed_form, shift->measured, 0.03);
}

TEST(Noise, OfWholeSamplesHasNoClosedFormBehindAWeightedSum) {
  Sequential model({8});
  model.add(StochasticDepth{.rate = 0.3}, Dense{.units = 9}, BatchNormalization{}, Dense{.units = 2});
  const auto shift = shift_of(model, 20);
  ASSERT_TRUE(shift);
  EXPECT_FALSE(shift->closed_form);
}

TEST(Noise, BehindANormalizationIsNotInFrontOfIt) {
  Sequential model({6});
  model.add(Dense{.units = 4}, BatchNormalization{}, Dropout{.rate = 0.2}, Dense{.units = 2});
  EXPECT_FALSE(shift_of(model, 20));
}

TEST(Noise, HasTheClosedFormBehindLayersThatHandOnWhatTheyRead) {
  Sequential model({8});
  model.add(Activation{relu}, Dropout{.rate = 0.3, .name = "drop"}, Activation{}, Dense{.units = 9},
            BatchNormalization{}, Dense{.units = 2});
  const auto shift = shift_of(model);
  ASSERT_TRUE(shift && shift->closed_form);
  EXPECT_NEAR(*shift->closed_form, shift->measured, 0.01);
}

TEST(Noise, AlongTheLastAxisByItsNumberHasTheClosedForm) {
  Sequential model({5, 4, 3});
  model.add(Dropout{.rate = 0.2}, BatchNormalization{.axis = 3}, Flatten{}, Dense{.units = 2});
  const auto shift = shift_of(model);
  ASSERT_TRUE(shift && shift->closed_form);
  EXPECT_NEAR(*shift->closed_form, shift->measured, 0.01);
}

TEST(Noise, AlongAnotherAxisHasNoClosedForm) {
  Sequential model({5, 4, 3});
  model.add(Dropout{.rate = 0.2}, BatchNormalization{.axis = 1}, Flatten{}, Dense{.units = 2});
  const auto shift = shift_of(model, 20);
  ASSERT_TRUE(shift);
  EXPECT_FALSE(shift->closed_form);
}

}  // namespace
}  // namespace evenkeel
