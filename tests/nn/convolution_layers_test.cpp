#include <gtest/gtest.h>

#include "evenkeel/nn/layers/convolution.h"
#include "evenkeel/nn/layers/depthwise.h"
#include "tests/support/layer_check.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

/// The layer's refusal of inputs of this shape.
std::string refusal(const Layer& layer, const Shape& x) {
  return error_of([&] { Trial(subject_of(layer, {x})); });
}
Shape output_of(const Layer& layer, const Shape& x) {
  Program program;
  std::vector<WeightInfo> weights;
  LayerBuilder builder(program, "layer", 0, true, weights);
  return layer.build(builder, std::vector{program.input("x", x, DType::float32)}).shape();
}

TEST(Conv2D, IsALayerWithGroupsDilationAndNumbersOfPadding) {
  check_layer(Conv2D{.filters = 6, .groups = 3}, {2, 4, 5, 9});
  check_layer(Conv2D{.filters = 4, .strides = 2, .padding = 1, .dilation_rate = 2, .use_bias = false}, {2, 6, 5, 3});
  check_layer(Conv2D{.filters = 5, .kernel_size = {2, 3}, .padding = {0, 2, 1, 0}, .groups = 5, .activation = elu},
              {1, 3, 4, 5});
  check_layer(Conv2D{.filters = 3, .padding = Padding::same, .dilation_rate = {1, 3}}, {1, 4, 5, 2});
  check_layer(Conv2D{.filters = 4, .kernel_size = 1, .padding = {1, 0, 0, 2}, .groups = 2}, {2, 2, 3, 4});
}

TEST(Conv1D, IsALayer) {
  check_layer(Conv1D{.filters = 3}, {2, 7, 3});
  check_layer(Conv1D{.filters = 4, .kernel_size = 2, .strides = 2, .padding = Padding::same, .activation = relu},
              {3, 5, 2});
  check_layer(Conv1D{.filters = 6, .padding = 1, .groups = 3, .use_bias = false}, {1, 4, 9});
  check_layer(Conv1D{.filters = 2, .padding = {0, 0, 4, 0}, .dilation_rate = 2, .kernel_regularizer = L2{0.25}},
              {2, 5, 1});
}

TEST(DepthwiseConv2D, IsALayer) {
  check_layer(DepthwiseConv2D{}, {2, 5, 4, 3});
  check_layer(DepthwiseConv2D{.strides = 2, .padding = Padding::same, .activation = relu}, {2, 6, 5, 17});
  check_layer(DepthwiseConv2D{.kernel_size = {2, 3}, .padding = 1, .depth_multiplier = 3, .use_bias = false},
              {1, 4, 3, 2});
  check_layer(DepthwiseConv2D{.kernel_size = 5, .padding = 4, .dilation_rate = 2, .depthwise_regularizer = L2{0.25}},
              {1, 3, 4, 5});
  check_layer(DepthwiseConv2D{.depth_multiplier = 2}, {2, 4, 3, 1});
}

TEST(SeparableConv2D, IsALayer) {
  check_layer(SeparableConv2D{.filters = 4}, {2, 5, 4, 3});
  check_layer(SeparableConv2D{.filters = 3,
                              .strides = 2,
                              .padding = Padding::same,
                              .depth_multiplier = 2,
                              .activation = elu,
                              .use_bias = false},
              {2, 6, 5, 2});
  check_layer(SeparableConv2D{.filters = 2,
                              .padding = 2,
                              .dilation_rate = 2,
                              .depthwise_regularizer = L2{0.25},
                              .pointwise_regularizer = L2{0.5}},
              {1, 3, 4, 5});
}

TEST(Conv2DTranspose, IsALayer) {
  check_layer(Conv2DTranspose{.filters = 3}, {2, 3, 4, 3});
  check_layer(Conv2DTranspose{.filters = 4, .strides = 2, .padding = Padding::same, .activation = relu}, {2, 3, 2, 5});
  check_layer(Conv2DTranspose{.filters = 2, .kernel_size = {2, 3}, .strides = {3, 2}, .use_bias = false},
              {1, 2, 3, 17});
  check_layer(Conv2DTranspose{.filters = 6, .strides = 2, .padding = 1, .output_padding = {{1}}, .groups = 3},
              {2, 3, 2, 9});
  check_layer(Conv2DTranspose{.filters = 2, .padding = {1, 0, 2, 1}, .dilation_rate = 2}, {1, 3, 4, 1});
  check_layer(Conv2DTranspose{.filters = 2, .kernel_size = 2, .strides = 2, .kernel_regularizer = L2{0.25}},
              {1, 2, 2, 3});
}

TEST(Conv2DTranspose, HasTheSizesOfKerasAndOfPyTorch) {
  const Shape x{1, 5, 6, 2};
  EXPECT_EQ(output_of(Conv2DTranspose{.filters = 3}, x), (Shape{1, 7, 8, 3}));
  EXPECT_EQ(output_of(Conv2DTranspose{.filters = 3, .kernel_size = 2, .strides = 3}, x), (Shape{1, 15, 18, 3}));
  EXPECT_EQ(output_of(Conv2DTranspose{.filters = 3, .strides = 2, .padding = Padding::same}, x), (Shape{1, 10, 12, 3}));
  EXPECT_EQ(
      output_of(Conv2DTranspose{.filters = 3, .strides = 2, .padding = Padding::same, .output_padding = {{0}}}, x),
      (Shape{1, 9, 11, 3}));
  // ConvTranspose2d(2, 3, 3, stride=2, padding=1), and with output_padding=(1, 0).
  EXPECT_EQ(output_of(Conv2DTranspose{.filters = 3, .strides = 2, .padding = 1}, x), (Shape{1, 9, 11, 3}));
  EXPECT_EQ(output_of(Conv2DTranspose{.filters = 3, .strides = 2, .padding = 1, .output_padding = {{1, 0}}}, x),
            (Shape{1, 10, 11, 3}));
}

TEST(Convolutions, RefuseGroupsThatDoNotDivide) {
  const Shape x{1, 5, 5, 6};
  EXPECT_SAYS(refusal(Conv2D{.filters = 8, .groups = 4}, x),
              "groups: expected a number that divides both 6 channels and 8 filters, received 4");
  EXPECT_SAYS(refusal(Conv2D{.filters = 4, .groups = 3}, x), "divides both 6 channels and 4 filters");
  EXPECT_SAYS(refusal(Conv2DTranspose{.filters = 4, .groups = 3}, x), "divides both 6 channels and 4 filters");
  EXPECT_SAYS(refusal(Conv1D{.filters = 4, .groups = 3}, {1, 5, 6}), "divides both 6 channels and 4 filters");
}

TEST(Convolutions, RefuseInputsSmallerThanTheirWindow) {
  EXPECT_SAYS(refusal(DepthwiseConv2D{.dilation_rate = 2}, {1, 4, 9, 2}), "images of at least 5x5");
  EXPECT_SAYS(refusal(Conv1D{.filters = 2, .kernel_size = 5}, {1, 4, 2}), "images of at least 1x5");
  EXPECT_SAYS(refusal(Conv2D{.filters = 2, .padding = {0, -1, 0, 0}}, {1, 4, 4, 2}), "padding");
}

TEST(Conv2DTranspose, RefusesOutputsThatItCannotMake) {
  EXPECT_SAYS(refusal(Conv2DTranspose{.filters = 2, .padding = 3}, {1, 2, 9, 2}),
              "output: expected a height and width of at least 1, received -2x5");
  EXPECT_SAYS(refusal(Conv2DTranspose{.filters = 2, .strides = 2, .padding = 1, .output_padding = {{2}}}, {1, 4, 4, 2}),
              "output_padding: expected less than the strides");
  EXPECT_SAYS(refusal(Conv2DTranspose{.filters = 2, .output_padding = {{1, 1, 1}}}, {1, 4, 4, 2}),
              "a whole number or [height, width]");
}

TEST(Conv1D, TakesPaddingAlongItsOneAxisOnly) {
  EXPECT_SAYS(refusal(Conv1D{.filters = 2, .padding = {1, 0}}, {1, 4, 2}), "[0, 0, before, after]");
  EXPECT_EQ(output_of(Conv1D{.filters = 2, .padding = {0, 0, 2, 0}}, {1, 4, 2}), (Shape{1, 4, 2}));
}

TEST(DepthwiseConv2D, HasTheKernelOfKeras) {
  Program program;
  std::vector<WeightInfo> weights;
  LayerBuilder builder(program, "layer", 0, true, weights);
  build(DepthwiseConv2D{.kernel_size = {2, 3}, .depth_multiplier = 4}, builder,
        program.input("x", {1, 5, 5, 7}, DType::float32));
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_EQ(weights[0].name, "layer/kernel");
  EXPECT_EQ(weights[0].shape, (Shape{2, 3, 7, 4}));
  EXPECT_EQ(weights[1].shape, (Shape{28}));
}

}  // namespace
}  // namespace evenkeel
