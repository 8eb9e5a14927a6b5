#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/diagnose/measure/variance_shift.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

/// relu -> noise -> normalization, over 16 channels of standard normal numbers.
InputVariance behind_relu_and(const Layer& noise, const InputVarianceOptions& options = {}) {
  Sequential model({16});
  model.add(Activation{relu}, noise, BatchNormalization{.name = "bn"});
  Network network(model, {.compute = {.threads = 2}});
  return input_variances(network, normal_data(5000, {16}), options).at(0);
}

TEST(InputVariances, OfDropoutBehindReluAreTheClosedForm) {
  for (const auto& [keep, expected] : {std::pair{0.9, 0.860}, {0.7, 0.614}, {0.5, 0.405}}) {
    const InputVariance found = behind_relu_and(Dropout{.rate = 1 - keep});
    EXPECT_EQ(found.layer, "bn");
    EXPECT_NEAR(found.ratio, expected, 0.006) << keep;
    EXPECT_GT(found.ratio_error, 0) << keep;
    EXPECT_LT(found.ratio_error, 0.003) << keep;
    for (std::size_t c = 0; c < 16; ++c)
      EXPECT_NEAR(found.train.variance[c], variance_behind_dropout(found.test.mean[c], found.test.variance[c], keep),
                  0.03 * found.train.variance[c]);
  }
}

TEST(InputVariances, OfUoutAreTheClosedForm) {
  const InputVariance found = behind_relu_and(Uout{.beta = 0.8});
  const double mean = found.test.mean[0], variance = found.test.variance[0];
  EXPECT_NEAR(found.ratio, variance / variance_behind_uout(mean, variance, 0.8), 0.006);
}

TEST(InputVariances, AreTheSameBothWaysWithoutNoise) {
  for (const bool batch_statistics : {false, true}) {
    const InputVariance found = behind_relu_and(Flatten{}, {.batch_statistics = batch_statistics});
    EXPECT_EQ(found.ratio, 1);
    EXPECT_EQ(found.ratio_error, 0);
    EXPECT_EQ(found.train.variance, found.test.variance);
  }
}

TEST(InputVariances, BehindADenseLayerGrowByTheSquaresOfWeightsAndInputs) {
  Sequential model({16});
  model.add(Dropout{.rate = 0.3}, Dense{.units = 3, .name = "dense"}, BatchNormalization{});
  Network network(model, {.compute = {.threads = 2}});
  const Dataset data = normal_data(20000, {16}, 1.0);
  const InputVariance found = input_variances(network, data).at(0);
  const auto w = network.weight("dense/kernel").as<float>();
  for (std::size_t unit = 0; unit < 3; ++unit) {
    double added = 0;  // (1 / keep - 1) sum w^2 E[x^2], E[x^2] = 2
    for (std::size_t i = 0; i < 16; ++i) added += (1 / 0.7 - 1) * double{w[i * 3 + unit]} * double{w[i * 3 + unit]} * 2;
    EXPECT_NEAR(found.train.variance[unit] - found.test.variance[unit], added, 0.05 * added);
  }
}

TEST(InputVariances, AreAveragedOverChannels) {
  const InputVariance found = behind_relu_and(Dropout{.rate = 0.5});
  double test = 0, train = 0;
  for (std::size_t c = 0; c < 16; ++c) {
    test += found.test.variance[c] / 16;
    train += found.train.variance[c] / 16;
  }
  EXPECT_NEAR(found.test_variance, test, 1e-12);
  EXPECT_NEAR(found.train_variance, train, 1e-12);
}

TEST(InputVariances, DrawOtherMasksForEachPass) {
  const Model model = chain_model();
  Network network(model, {.compute = {.threads = 1}});
  const Dataset data = normal_data(20, model.input_shape());
  std::vector<LayerMode> modes(static_cast<std::size_t>(model.layers()), {Statistics::moving, false, true});
  const auto first = input_statistics(network, data, modes, 10, 0);
  EXPECT_EQ(input_statistics(network, data, modes, 10, 0), first);
  const auto other = input_statistics(network, data, modes, 10, 20);
  EXPECT_EQ(other[1], first[1]) << "before the dropout";
  EXPECT_NE(other[2], first[2]) << "behind it";
}

TEST(InputVariances, CountASmallerLastBatchAsWhatItIs) {
  const Model model = chain_model();
  Network network(model, {.compute = {.threads = 1}});
  const Dataset data = normal_data(37, model.input_shape(), 3, 2);
  const std::vector<LayerMode> modes(static_cast<std::size_t>(model.layers()), LayerMode::of(Mode::evaluate));
  const auto ragged = input_statistics(network, data, modes, 10), whole = input_statistics(network, data, modes, 37);
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (std::size_t c = 0; c < whole[i].mean.size(); ++c) {
      EXPECT_NEAR(ragged[i].mean[c], whole[i].mean[c], 1e-6 * std::sqrt(whole[i].variance[c]));
      EXPECT_NEAR(ragged[i].variance[c], whole[i].variance[c], 1e-5 * whole[i].variance[c]);
    }
}

TEST(InputVariances, DependOnMovingStatisticsUnlessTheBatchsAreAskedFor) {
  const Model model = chain_model();
  Network network(model, {.compute = {.threads = 1}});
  const Dataset data = normal_data(50, model.input_shape());
  const auto shift = [&](bool batch) {
    return input_variances(network, data, {.batch_size = 25, .batch_statistics = batch}).at(2).test_variance;
  };
  const double moving = shift(false), batch = shift(true);
  change(network, "second/moving_variance", [](auto values) { std::ranges::fill(values, 100.0f); });
  EXPECT_LT(shift(false), 0.5 * moving);
  EXPECT_EQ(shift(true), batch);
}

TEST(InputVariances, PassOverChannelsThatNeverVary) {
  Sequential model({4});
  model.add(Dropout{.rate = 0.5}, Dense{.units = 3, .name = "dense"}, BatchNormalization{});
  Network network(model, {.compute = {.threads = 1}});
  change(network, "dense/kernel", [](auto w) {
    for (std::size_t i = 0; i < w.size(); i += 3) w[i] = 0;
  });
  const InputVariance found = input_variances(network, normal_data(500, {4})).at(0);
  EXPECT_EQ(found.train.variance[0], 0);
  EXPECT_NEAR(found.ratio, 0.5, 0.05);  // E[x] = 0: half of the variance is the dropout's
}

TEST(InputVariances, LeaveTheNetworkAsItWas) {
  for (const Model& model : {static_cast<const Model&>(chain_model()), residual_model()}) {
    Network network(model, {.compute = {.threads = 1}});
    const auto before = trained_bytes(network);
    input_variances(network, normal_data(20, model.input_shape()), {.batch_statistics = true});
    EXPECT_EQ(trained_bytes(network), before);
  }
}

TEST(InputVariances, AreEmptyWithoutNormalization) {
  Sequential model({4});
  model.add(Dense{.units = 2});
  Network network(model, {});
  EXPECT_TRUE(input_variances(network, normal_data(5, {4})).empty());
}

TEST(InputVariances, NeedTwoMasksForAnError) {
  EXPECT_SAYS(error_of([] { behind_relu_and(Dropout{}, {.masks = 1}); }), "masks: expected at least 2, received 1");
}

}  // namespace
}  // namespace evenkeel
