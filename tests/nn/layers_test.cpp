#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/layers/affine.h"
#include "evenkeel/nn/layers/convolution.h"
#include "evenkeel/nn/layers/core.h"
#include "evenkeel/nn/layers/dropout.h"
#include "evenkeel/nn/layers/merge.h"
#include "evenkeel/nn/layers/normalization.h"
#include "evenkeel/nn/layers/pooling.h"
#include "evenkeel/nn/layers/slicing.h"
#include "evenkeel/nn/registry.h"
#include "tests/support/layer_check.h"
#include "tests/support/testing.h"

// Every layer type has a test "IsALayer" that holds it to tests/support/layer_check.h.

namespace evenkeel {
namespace {

using namespace activations;

TEST(LayerTypes, AreAllHeldToTheLayerCheck) {
  const auto* tests = testing::UnitTest::GetInstance();
  for (const LayerType& type : layer_types()) {
    bool found = false;
    for (int s = 0; s < tests->total_test_suite_count(); ++s) {
      const testing::TestSuite& suite = *tests->GetTestSuite(s);
      if (suite.name() != type.type) continue;
      for (int t = 0; t < suite.total_test_count(); ++t)
        found = found || std::string(suite.GetTestInfo(t)->name()) == "IsALayer";
    }
    EXPECT_TRUE(found) << "no TEST(" << type.type << ", IsALayer)";
  }
}

TEST(Input, IsALayer) { check_layer(Input{}, {3, 5}); }

TEST(Conv2D, IsALayer) {
  check_layer(Conv2D{.filters = 3}, {2, 5, 4, 3});
  check_layer(Conv2D{.filters = 5, .kernel_size = 1, .use_bias = false}, {3, 4, 3, 7});
  check_layer(Conv2D{.filters = 2,
                     .kernel_size = {2, 3},
                     .strides = {1, 2},
                     .padding = Padding::same,
                     .activation = elu,
                     .use_bias = false},
              {1, 6, 5, 1});
  check_layer(Conv2D{.filters = 4, .strides = 2, .padding = Padding::same, .activation = relu}, {2, 6, 4, 2});
  check_layer(Conv2D{.filters = 17, .kernel_size = 2, .activation = softmax}, {1, 3, 4, 2});
  check_layer(Conv2D{.filters = 3, .kernel_size = 2, .activation = silu}, {2, 3, 4, 2});
  check_layer(Conv2D{.filters = 2, .kernel_regularizer = L2{0.25}}, {2, 4, 3, 1});
  check_layer(Conv2D{.filters = 2, .kernel_size = 5, .padding = Padding::same, .activation = leaky_relu}, {2, 3, 2, 1});
}

TEST(Dense, IsALayer) {
  check_layer(Dense{.units = 4}, {5, 7});
  check_layer(Dense{.units = 1, .use_bias = false}, {1, 1});
  check_layer(Dense{.units = 17, .activation = ActivationFunction::tanh}, {3, 19});
  check_layer(Dense{.units = 3, .activation = softmax}, {4, 2});
  check_layer(Dense{.units = 3, .activation = gelu}, {4, 2});
  check_layer(Dense{.units = 3, .kernel_regularizer = L2{0.25}}, {4, 2});
  check_layer(Dense{.units = 5, .activation = elu}, {2, 3, 7});
  check_layer(Dense{.units = 3, .activation = softmax}, {2, 1, 3, 4});
}

TEST(BatchNormalization, IsALayer) {
  for (const Shape& shape : {Shape{2, 5, 7, 1}, {1, 1, 1, 3}, {13, 30}, {3, 3, 4, 17}, {4, 3, 5}})
    check_layer(BatchNormalization{.momentum = 0.75}, shape);
  check_layer(BatchNormalization{.center = false, .unbiased_moving_variance = true}, {3, 2, 3, 4});
  check_layer(BatchNormalization{.epsilon = 1e-5, .scale = false}, {5, 6});
  check_layer(BatchNormalization{.center = false, .scale = false}, {2, 3, 3, 5});
}

TEST(BatchNormalizationFromParts, IsALayer) {
  for (const Shape& shape : {Shape{2, 5, 3, 1}, {1, 1, 1, 3}, {13, 6}, {3, 3, 2, 17}})
    check_layer(BatchNormalizationFromParts{.momentum = 0.75}, shape);
}

TEST(Activation, IsALayer) {
  for (const ActivationFunction& f : {linear,
                                      relu,
                                      elu,
                                      sigmoid,
                                      ActivationFunction::tanh,
                                      softmax,
                                      leaky_relu,
                                      selu,
                                      gelu,
                                      gelu_tanh,
                                      silu,
                                      mish,
                                      relu6,
                                      softplus,
                                      softsign,
                                      hard_sigmoid,
                                      hard_swish,
                                      elu(0.5),
                                      leaky_relu(0.01),
                                      clip(-0.5, 0.25),
                                      log_softmax}) {
    check_layer(Activation{.activation = f}, {3, 5});
    check_layer(Activation{.activation = f}, {2, 3, 1, 17});
  }
}

TEST(MaxPooling2D, IsALayer) {
  check_layer(MaxPooling2D{}, {2, 5, 4, 3});
  check_layer(MaxPooling2D{.pool_size = 3, .strides = Size2D(2), .padding = Padding::same}, {2, 6, 5, 1});
  check_layer(MaxPooling2D{.pool_size = {1, 4}, .strides = Size2D(2, 1)}, {1, 3, 5, 17});
  check_layer(MaxPooling2D{.padding = Padding::same}, {1, 7, 3, 5});
  check_layer(MaxPooling2D{.pool_size = 3, .strides = Size2D(2), .padding = 1, .ceil_mode = true}, {2, 6, 5, 3});
  check_layer(MaxPooling2D{.padding = {1, 0, 0, 1}, .ceil_mode = true}, {1, 4, 6, 17});
}

TEST(AveragePooling2D, IsALayer) {
  check_layer(AveragePooling2D{}, {2, 5, 4, 3});
  check_layer(AveragePooling2D{.pool_size = 3, .strides = Size2D(2), .padding = Padding::same}, {2, 6, 5, 1});
  check_layer(AveragePooling2D{.pool_size = {3, 2}, .strides = Size2D(1)}, {1, 4, 3, 17});
  for (const bool counts : {false, true}) {
    AveragePooling2D layer{.pool_size = 3, .strides = Size2D(2), .padding = 1, .count_include_pad = counts};
    check_layer(layer, {2, 7, 5, 3});
    layer.ceil_mode = true;
    check_layer(layer, {2, 6, 5, 17});
    check_layer(AveragePooling2D{.padding = Padding::same, .count_include_pad = counts}, {1, 5, 3, 2});
  }
}

TEST(GlobalAveragePooling2D, IsALayer) {
  check_layer(GlobalAveragePooling2D{}, {2, 5, 4, 3});
  check_layer(GlobalAveragePooling2D{}, {1, 1, 3, 17});
  check_layer(GlobalAveragePooling2D{.keepdims = true}, {2, 3, 4, 5});
}

TEST(GlobalMaxPooling2D, IsALayer) {
  check_layer(GlobalMaxPooling2D{}, {2, 5, 4, 3});
  check_layer(GlobalMaxPooling2D{.keepdims = true}, {1, 1, 3, 17});
}

TEST(AdaptiveAveragePooling2D, IsALayer) {
  check_layer(AdaptiveAveragePooling2D{}, {2, 5, 4, 3});
  check_layer(AdaptiveAveragePooling2D{.output_size = {3, 2}}, {2, 5, 4, 17});
  check_layer(AdaptiveAveragePooling2D{.output_size = {2, 5}}, {1, 2, 3, 1});
  check_layer(AdaptiveAveragePooling2D{.output_size = {2, 3}}, {1, 2, 3, 4});  // hands on its input
}

TEST(Dropout, IsALayer) {
  for (const double rate : {0.0, 0.3, 0.9}) check_layer(Dropout{.rate = rate}, {5, 13});
  check_layer(Dropout{}, {2, 3, 3, 3});
  for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{
           {-1, 1, 1, -1}, {-1, 1, 1, 1}, {-1, -1, -1, 1}, {1, -1, -1, -1}, {-1, 1, -1, 1}, {1, 3, 1, 4}})
    check_layer(Dropout{.rate = 0.4, .noise_shape = shape}, {3, 3, 2, 4});
}

TEST(Dropout, RefusesANoiseShapeThatDoesNotFit) {
  const auto text = [](const std::vector<std::int64_t>& shape) {
    return error_of([&] { Trial(subject_of(Dropout{.noise_shape = shape}, {{3, 4, 5}})); });
  };
  EXPECT_SAYS(text({-1, 1}), "3 sizes, one for each axis of the input");
  EXPECT_SAYS(text({-1, 2, 1}), "-1, 1 or 4 for axis 1");
}

TEST(StochasticDepth, IsALayer) {
  for (const double rate : {0.0, 0.3, 0.9}) check_layer(StochasticDepth{.rate = rate}, {5, 13});
  check_layer(StochasticDepth{}, {4, 3, 3, 3});
}

TEST(Uout, IsALayer) {
  for (const double beta : {0.0, 0.1, 1.7}) check_layer(Uout{.beta = beta}, {5, 13});
  check_layer(Uout{}, {2, 3, 3, 3});
}

TEST(Uout, InjectsTheVarianceOfTheDropoutItReplaces) {
  for (const double rate : {0.0, 0.2, 0.5, 0.9}) {
    const double beta = uout_beta_for_dropout(rate);
    EXPECT_NEAR(beta * beta / 3, rate / (1 - rate), 1e-12) << rate;
  }
}

TEST(Uout, HasNoBetaForADropoutOfEverything) {
  for (const double rate : {1.0, -0.1, std::nan("")})
    EXPECT_SAYS(error_of([&] { uout_beta_for_dropout(rate); }), "rate: expected a number in [0, 1)");
}

TEST(Affine, IsALayer) {
  check_layer(Affine{}, {5, 13});
  check_layer(Affine{}, {2, 3, 5, 1});
  check_layer(Affine{.trainable = false}, {1, 3, 3, 7});
}

TEST(LayerScale, IsALayer) {
  check_layer(LayerScale{.initial_value = 0.5}, {5, 13});
  check_layer(LayerScale{.initial_value = -0.25}, {2, 3, 5, 1});
}

TEST(PReLU, IsALayer) {
  check_layer(PReLU{.alpha_initializer = Initializer::constant(0.25)}, {5, 13});
  check_layer(PReLU{.alpha_initializer = Initializer::constant(0.25), .shared_axes = {1, 2}}, {2, 3, 5, 7});
  check_layer(PReLU{.alpha_initializer = Initializer::constant(-0.5), .shared_axes = {1, 2, 3}}, {2, 3, 2, 4});
  check_layer(PReLU{.alpha_initializer = Initializer::constant(0.25), .shared_axes = {2}}, {2, 3, 5, 4});
  check_layer(PReLU{.alpha_initializer = Initializer::constant(0.25), .shared_axes = {1, 3}}, {2, 3, 5, 4});
}

TEST(PReLU, RefusesAxesThatTheInputDoesNotHave) {
  const std::string text = error_of([] { Trial(subject_of(PReLU{.shared_axes = {3}}, {{3, 4, 5}})); });
  EXPECT_SAYS(text, "axes of [N, 4, 5], from 1 to 2");
}

TEST(Flatten, IsALayer) {
  check_layer(Flatten{}, {2, 3, 5, 1});
  check_layer(Flatten{}, {4, 3});
}

TEST(Permute, IsALayer) {
  check_layer(Permute{.dims = {2, 1}}, {3, 4, 5});
  check_layer(Permute{.dims = {3, 1, 2}}, {2, 3, 1, 17});
  check_layer(Permute{.dims = {1}}, {4, 3});
}

TEST(Permute, RefusesAnythingButAnOrderOfTheAxes) {
  for (const std::vector<std::int64_t>& dims : {std::vector<std::int64_t>{}, {1}, {1, 1}, {1, 3}, {2, 1, 3}}) {
    const std::string text = error_of([&] { Trial(subject_of(Permute{.dims = dims}, {{3, 4, 5}})); });
    EXPECT_SAYS(text, "an order of [1, 2], the axes of [N, 4, 5]");
  }
}

TEST(Rescaling, IsALayer) { check_layer(Rescaling{.scale = 1 / 63.86, .offset = -120.69 / 63.86}, {2, 3, 5, 3}); }

TEST(Add, IsALayer) {
  check_merging_layer(Add{}, {{3, 5}, {3, 5}});
  check_merging_layer(Add{}, {{2, 3, 1, 7}, {2, 3, 1, 7}, {2, 3, 1, 7}});
}

using Shapes = std::vector<Shape>;
const std::vector<Shapes> kRepeated = {{{3, 5}, {3, 5}},
                                       {{2, 3, 4, 7}, {2, 1, 1, 7}},
                                       {{2, 1, 1, 3}, {2, 3, 4, 3}},
                                       {{2, 3, 4, 3}, {2, 3, 4, 1}},
                                       {{2, 3, 1, 5}, {2, 1, 4, 5}},
                                       {{2, 3, 4, 3}, {2, 1, 4, 1}}};

TEST(Add, RepeatsAxesOfSizeOne) {
  for (const Shapes& shapes : kRepeated) check_merging_layer(Add{}, shapes);
}

TEST(Multiply, IsALayer) {
  for (const Shapes& shapes : kRepeated) check_merging_layer(Multiply{}, shapes);
  check_merging_layer(Multiply{}, {{3, 5}, {3, 1}, {3, 5}});
}

TEST(Subtract, IsALayer) {
  for (const Shapes& shapes : kRepeated) check_merging_layer(Subtract{}, shapes);
}

TEST(Average, IsALayer) {
  for (const Shapes& shapes : kRepeated) check_merging_layer(Average{}, shapes);
  check_merging_layer(Average{}, {{3, 5}, {3, 5}, {3, 5}});
}

TEST(Maximum, IsALayer) {
  for (const Shapes& shapes : kRepeated) check_merging_layer(Maximum{}, shapes);
}

TEST(Minimum, IsALayer) {
  for (const Shapes& shapes : kRepeated) check_merging_layer(Minimum{}, shapes);
}

TEST(MergingLayers, SayBothShapesWhereTheyDoNotFit) {
  for (const Layer& layer : {Layer(Add{}), Layer(Multiply{}), Layer(Maximum{})})
    for (const Shape& other : {Shape{2, 3, 4, 2}, {2, 2, 1, 7}, {2, 7}}) {
      const std::string text = error_of([&] { Trial(subject_of(layer, {{2, 3, 4, 7}, other})); });
      EXPECT_SAYS(text, "[N, 3, 4, 7] and " + to_string_batched(other.without_first()));
    }
  EXPECT_SAYS(error_of([] { Trial(subject_of(Subtract{}, {{2, 3}, {2, 3}, {2, 3}})); }), "two inputs");
}

TEST(SliceChannels, IsALayer) {
  check_layer(SliceChannels{.begin = 2, .count = 3}, {2, 3, 1, 7});
  check_layer(SliceChannels{.count = 1}, {5, 4});
  check_layer(SliceChannels{.begin = 3, .count = 1}, {1, 2, 4});
  check_layer(SliceChannels{.count = 17}, {2, 17});
}

TEST(SliceChannels, NeedsItsChannels) {
  const SliceChannels slice{.begin = 3, .count = 3};
  EXPECT_SAYS(error_of([&] { Trial(subject_of(slice, {{2, 4, 4, 5}})); }), "at least 6 channels");
}

TEST(Concatenate, IsALayer) {
  check_merging_layer(Concatenate{}, {{3, 5}, {3, 1}});
  check_merging_layer(Concatenate{}, {{2, 3, 1, 7}, {2, 3, 1, 2}, {2, 3, 1, 17}});
}

}  // namespace
}  // namespace evenkeel
