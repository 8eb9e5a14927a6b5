#include <gtest/gtest.h>

#include <numeric>

#include "evenkeel/nn/layers/core.h"
#include "evenkeel/nn/layers/pooling.h"
#include "evenkeel/nn/layers/preprocessing.h"
#include "evenkeel/nn/layers/reshaping.h"
#include "evenkeel/nn/layers/resizing.h"
#include "tests/support/layer_check.h"
#include "tests/support/program_check.h"
#include "tests/support/testing.h"

// Layers that move numbers to another place or shape, and those that resize images.

namespace evenkeel {
namespace {

using Numbers = std::vector<double>;

/// What the layer makes of 0, 1, 2, ...
Numbers of_counting(const Layer& layer, const Shape& input) {
  Trial trial(subject_of(layer, {input}));
  const auto x = trial.input(0).as<double>();
  std::iota(x.begin(), x.end(), 0.0);
  trial.run(LayerMode::of(Mode::evaluate));
  return trial.output();
}

std::string refusal_of(const Layer& layer, const Shape& input) {
  return error_of([&] { Trial(subject_of(layer, {input})); });
}

TEST(ZeroPadding2D, IsALayer) {
  check_layer(ZeroPadding2D{}, {2, 3, 4, 3});
  check_layer(ZeroPadding2D{.padding = {2, 0, 1, 3}}, {1, 1, 3, 17});
  check_layer(ZeroPadding2D{.padding = 0}, {2, 2, 3, 1});
}

TEST(ZeroPadding2D, PutsItsZerosWhereItSays) {
  EXPECT_EQ(of_counting(ZeroPadding2D{.padding = {0, 1, 1, 0}}, {1, 2, 2, 1}), (Numbers{0, 0, 1, 0, 2, 3, 0, 0, 0}));
  EXPECT_EQ(Layer(ZeroPadding2D{}).with("padding", std::vector<std::int64_t>{1, 2}).settings(true).front().second,
            FieldValue(std::vector<std::int64_t>{1, 2}));
}

TEST(ZeroPadding2D, RefusesWhatIsNoNumberOfRows) {
  const Layer layer = ZeroPadding2D{};
  for (const FieldValue& value :
       {FieldValue(std::string("same")), FieldValue(std::int64_t{-1}), FieldValue(std::vector<std::int64_t>{1, 2, 3})})
    EXPECT_SAYS(error_of([&] { layer.with("padding", value); }),
                "\"padding\": expected a whole number, [height, width] or [top, bottom, left, right]");
}

TEST(Padding2D, IsALayer) {
  for (const Surroundings mode : {Surroundings::reflect, Surroundings::edge}) {
    check_layer(Padding2D{.padding = 1, .mode = mode}, {2, 3, 4, 3});
    check_layer(Padding2D{.padding = {2, 0, 1, 3}, .mode = mode}, {1, 3, 4, 17});
    check_layer(Padding2D{.padding = 0, .mode = mode}, {2, 2, 3, 1});
  }
}

TEST(Padding2D, MirrorsOrRepeatsTheOutermostPixels) {
  // numpy.pad(arange(6).reshape(2, 3), ((0, 1), (2, 0)), ...)
  EXPECT_EQ(of_counting(Padding2D{.padding = {0, 1, 2, 0}}, {1, 2, 3, 1}),
            (Numbers{2, 1, 0, 1, 2, 5, 4, 3, 4, 5, 2, 1, 0, 1, 2}));
  EXPECT_EQ(of_counting(Padding2D{.padding = {0, 1, 2, 0}, .mode = Surroundings::edge}, {1, 2, 3, 1}),
            (Numbers{0, 0, 0, 1, 2, 3, 3, 3, 4, 5, 3, 3, 3, 4, 5}));
}

TEST(Padding2D, RefusesToMirrorMoreThanThereIs) {
  EXPECT_SAYS(refusal_of(Padding2D{.padding = {0, 0, 0, 3}}, {1, 2, 3, 1}),
              "\"padding\": expected less than the 2x3 pixels of the input, which are mirrored");
  EXPECT_EQ(refusal_of(Padding2D{.padding = {0, 0, 0, 3}, .mode = Surroundings::edge}, {1, 2, 3, 1}), "");
  EXPECT_SAYS(error_of([] { Layer(Padding2D{}).with("mode", std::string("wrap")); }),
              "\"mode\": expected \"reflect\" or \"edge\"");
}

TEST(Cropping2D, IsALayer) {
  check_layer(Cropping2D{.cropping = 1}, {2, 4, 3, 3});
  check_layer(Cropping2D{.cropping = {2, 0, 0, 1}}, {1, 3, 3, 17});
}

TEST(Cropping2D, LeavesOutTheSides) {
  EXPECT_EQ(of_counting(Cropping2D{.cropping = {1, 0, 0, 1}}, {1, 2, 3, 1}), (Numbers{3, 4}));
  EXPECT_SAYS(refusal_of(Cropping2D{.cropping = {1, 1, 0, 0}}, {1, 2, 3, 1}),
              "\"cropping\": expected less than the 2x3 pixels of the input, received [1, 0]");
}

TEST(UpSampling2D, IsALayer) {
  check_layer(UpSampling2D{}, {2, 3, 2, 3});
  check_layer(UpSampling2D{.size = {1, 3}, .interpolation = Interpolation::bilinear}, {1, 2, 3, 17});
  check_layer(UpSampling2D{.interpolation = Interpolation::bilinear, .align_corners = true}, {2, 3, 1, 5});
}

TEST(UpSampling2D, RepeatsPixels) {
  EXPECT_EQ(of_counting(UpSampling2D{.size = {1, 2}}, {1, 2, 2, 1}), (Numbers{0, 0, 1, 1, 2, 2, 3, 3}));
}

TEST(UpSampling2D, HasCornersForBilinearInterpolationOnly) {
  EXPECT_SAYS(refusal_of(UpSampling2D{.align_corners = true}, {1, 2, 2, 1}), "\"align_corners\"");
}

TEST(Resizing, IsALayer) {
  check_layer(Resizing{.height = 7, .width = 2}, {2, 3, 5, 3});
  check_layer(Resizing{.height = 2, .width = 5, .interpolation = Interpolation::nearest}, {2, 5, 3, 17});
  check_layer(Resizing{.height = 4, .width = 4, .align_corners = true}, {1, 3, 6, 1});
}

TEST(Resizing, KeepsTheCornersWhereAsked) {
  EXPECT_EQ(of_counting(Resizing{.height = 1, .width = 5, .align_corners = true}, {1, 1, 3, 1}),
            (Numbers{0, 0.5, 1, 1.5, 2}));
  EXPECT_EQ(of_counting(Resizing{.height = 1, .width = 6}, {1, 1, 3, 1}), (Numbers{0, 0.25, 0.75, 1.25, 1.75, 2}));
}

TEST(AveragePooling2D, DividesByThePaddingButNotByWhatIsPastIt) {
  // torch.nn.AvgPool2d((1, 3), (1, 2), (0, 1), ceil_mode=True) of 0 to 5.
  AveragePooling2D layer{
      .pool_size = {1, 3}, .strides = Size2D(1, 2), .padding = {0, 1}, .ceil_mode = true, .count_include_pad = true};
  const Numbers counted = of_counting(layer, {1, 1, 6, 1});
  EXPECT_TRUE(agree(counted, {1.0 / 3, 2, 4, 2.5}, 1e-12));
  layer.count_include_pad = false;
  EXPECT_TRUE(agree(of_counting(layer, {1, 1, 6, 1}), {0.5, 2, 4, 5}, 1e-12));
}

TEST(Reshape, IsALayer) {
  check_layer(Reshape{.target_shape = {-1}}, {2, 3, 5});
  check_layer(Reshape{.target_shape = {3, 1, -1}}, {2, 6, 5});
  check_layer(Reshape{.target_shape = {2, 3}}, {4, 6});
}

TEST(Reshape, RefusesAnotherNumberOfElements) {
  using Sizes = std::vector<std::int64_t>;
  for (const Sizes& sizes : {Sizes{}, Sizes{5}, Sizes{-1, 4}, Sizes{-1, -1}, Sizes{0, -1}, Sizes{6, 2}})
    EXPECT_SAYS(refusal_of(Reshape{.target_shape = sizes}, {3, 2, 3}),
                "\"target_shape\": expected sizes whose product is 6, the number of elements of [N, 2, 3]");
}

TEST(ChannelShuffle, IsALayer) {
  check_layer(ChannelShuffle{.groups = 2}, {2, 3, 1, 6});
  check_layer(ChannelShuffle{.groups = 3}, {4, 9});
  check_layer(ChannelShuffle{.groups = 1}, {2, 3, 5});
}

TEST(ChannelShuffle, TakesAChannelOfEachGroupInTurn) {
  EXPECT_EQ(of_counting(ChannelShuffle{.groups = 2}, {2, 6}), (Numbers{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}));
  EXPECT_SAYS(refusal_of(ChannelShuffle{.groups = 4}, {1, 2, 2, 6}),
              "\"groups\": expected a divisor of the channels of [N, 2, 2, 6], received 4");
}

TEST(Normalization, IsALayer) {
  check_layer(FixedNormalization{}, {2, 3, 5});
  check_layer(FixedNormalization{.mean = {0.5, -1, 2}, .variance = {4, 0.25, 1}}, {2, 3, 2, 3});
  check_layer(FixedNormalization{.mean = {3}, .variance = {2}}, {4, 7});
}

TEST(Normalization, DividesByTheDeviationOfEachChannel) {
  EXPECT_EQ(of_counting(FixedNormalization{.mean = {1, 2}, .variance = {4, 0.25}}, {1, 2, 2}),
            (Numbers{-0.5, -2, 0.5, 2}));
  EXPECT_SAYS(refusal_of(FixedNormalization{.mean = {1, 2, 3}}, {1, 2, 2}),
              "\"mean\": expected one number, or 2, one for each channel, received 3");
}

}  // namespace
}  // namespace evenkeel
