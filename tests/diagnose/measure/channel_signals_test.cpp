#include "evenkeel/diagnose/measure/channel_signals.h"

#include <cmath>

#include "evenkeel/diagnose/measure/chance_loss.h"
#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

std::vector<ChannelSignal> signals_of(Network& network, const Dataset& data, std::int64_t batch_size = 16) {
  return channel_signals(network, data, measure_statistics(network, data).after, batch_size);
}

TEST(ChannelSignals, AreMomentsAndExtremesOfWhatEachLayerHandsOn) {
  Sequential model({2}, "affine");
  model.add(Input{}, Dense{.units = 2, .name = "dense"}, Activation{.activation = relu, .name = "cut"});
  Network network(model, {.compute = {.threads = 1}});
  network.set_weight("dense/kernel", Tensor::of<float>({2, 2}, std::vector<float>{1, 0, 0, -1}));
  network.set_weight("dense/bias", Tensor::of<float>({2}, std::vector<float>{1, -1}));
  Dataset::Parts parts{.name = "three",
                       .x = Tensor::of<float>({3, 2}, std::vector<float>{0, 0, 1, 2, 2, 4}),
                       .y = {},
                       .class_names = {}};
  const auto signals = signals_of(network, Dataset(std::move(parts)), 2);
  ASSERT_EQ(signals.size(), 2U) << "the input layer computes nothing";
  EXPECT_EQ(signals[0].layer, "dense");
  EXPECT_EQ(signals[0].smallest, (std::vector<double>{1, -5}));
  EXPECT_EQ(signals[0].largest, (std::vector<double>{3, -1}));
  EXPECT_EQ(signals[0].mean, (std::vector<double>{2, -3}));
  EXPECT_NEAR(signals[0].variance[1], 8.0 / 3, 1e-12);
  EXPECT_TRUE(signals[1].is_constant(1));
  EXPECT_EQ(signals[1].constant_channels(), 1);
}

TEST(ChannelSignals, UseTheStatisticsTheyAreGiven) {
  const Model model = chain_model();
  Network network(model, {.compute = {.threads = 1}});
  const Dataset data = normal_data(60, model.input_shape(), 4, 2);
  for (const ChannelSignal& signal : signals_of(network, data)) {
    if (signal.layer != "second" && signal.layer != "parts") continue;
    for (std::size_t c = 0; c < signal.mean.size(); ++c) {
      EXPECT_NEAR(signal.mean[c], 0, 1e-3) << signal.layer;
      EXPECT_NEAR(signal.variance[c], 1, 0.1) << signal.layer;
    }
  }
}

TEST(ChannelSignals, LeaveTheNetworkAsItWas) {
  const Model model = residual_model();
  Network network(model, {.compute = {.threads = 1}});
  const auto before = trained_bytes(network);
  signals_of(network, normal_data(20, model.input_shape()));
  EXPECT_EQ(trained_bytes(network), before);
}

TEST(ChannelSignals, OfALayerThatPassesOnAreThoseOfTheOneBefore) {
  Sequential model({4}, "passing");
  model.add(Dense{.units = 3, .name = "dense"}, Activation{.activation = linear, .name = "nothing"});
  Network network(model, {.compute = {.threads = 1}});
  const auto signals = signals_of(network, normal_data(10, {4}));
  ASSERT_TRUE(signal_of(model, signals, 1));
  EXPECT_EQ(signal_of(model, signals, 1)->layer, "dense");
  EXPECT_FALSE(signal_of(model, signals, -1));
}

TEST(Graph, KnowsWhoReadsALayer) {
  const Model model = residual_model();
  const auto readers = readers_of(model, model.find("trunk"));
  EXPECT_EQ(readers, (std::vector<int>{model.find("left"), model.find("right"), model.find("sum")}));
  EXPECT_TRUE(readers_of(model, model.find("head")).empty());
}

Dataset labelled(const std::vector<std::int32_t>& labels, std::int64_t classes) {
  const auto n = std::ssize(labels);
  Dataset::Parts parts{.name = "labels",
                       .x = Tensor({n, 1}, DType::float32),
                       .y = Tensor::of<std::int32_t>({n}, labels),
                       .class_names = {}};
  for (std::int64_t k = 0; k < classes; ++k) parts.class_names.push_back(std::to_string(k));
  return Dataset(std::move(parts));
}

TEST(ChanceLoss, IsLogKForEvenClasses) {
  EXPECT_NEAR(chance_loss(SoftmaxCrossEntropy{}, labelled({0, 1, 2, 3}, 4), 4), std::log(4), 1e-12);
}

TEST(ChanceLoss, IsLessForUnevenClasses) {
  EXPECT_NEAR(chance_loss(SoftmaxCrossEntropy{}, labelled({0, 0, 0, 1}, 2), 2),
              0.75 * std::log(4.0 / 3) + 0.25 * std::log(4), 1e-12);
}

TEST(ChanceLoss, IsTheMeanOverOutputsOfASigmoid) {
  const double h = 0.75 * std::log(4.0 / 3) + 0.25 * std::log(4);
  EXPECT_NEAR(chance_loss(SigmoidCrossEntropy{}, labelled({0, 1, 2, 3}, 4), 4), h, 1e-12);
  EXPECT_NEAR(chance_loss(SigmoidCrossEntropy{}, labelled({0, 0, 0, 1}, 2), 1), h, 1e-12);
}

TEST(ChanceLoss, IsTheVarianceForSquaredErrors) {
  Dataset::Parts parts{.name = "targets",
                       .x = Tensor({2, 1}, DType::float32),
                       .y = Tensor::of<float>({2, 2}, std::vector<float>{1, 0, 3, 0}),
                       .class_names = {}};
  EXPECT_NEAR(chance_loss(MeanSquaredError{}, Dataset(std::move(parts)), 2), 0.5, 1e-12);
}

}  // namespace
}  // namespace evenkeel
