#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/nn/network.h"

// How layers behave is bound at run time, for each layer apart: every test here uses one compiled program.

namespace evenkeel {
namespace {

constexpr std::int64_t kBatch = 8, kChannels = 3;
constexpr double kEpsilon = 1e-3;
enum Layer : std::size_t { kFirst, kDropout, kSecond, kLastDropout };

/// Normalization, dropout, normalization, dropout, without gamma and beta.
struct Chain {
  Chain() : network(model(), {.batch_size = kBatch, .compute = {.real = DType::float64}, .keep = kValues}, memory) {
    network.step.modes.assign(4, {Statistics::moving, false, false});
  }
  static Model model() {
    Sequential chain({kChannels});
    chain.add(BatchNormalization{.momentum = 0.5, .center = false, .scale = false, .name = "a"},
              Dropout{.rate = 0.5, .name = "b"},
              BatchNormalization{.momentum = 0.5, .center = false, .scale = false, .name = "c"},
              Dropout{.rate = 0.5, .name = "d"});
    return chain;
  }
  LayerMode& mode(Layer layer) { return network.step.modes[layer]; }
  std::vector<double> state(const std::string& name) { return in_vector(memory.store.state.get(name)); }
  static std::vector<double> in_vector(TensorView view) {
    const auto values = view.as<double>();
    return {values.begin(), values.end()};
  }

  static inline const std::vector<std::string> kValues = {"a/output", "b/output", "c/output", "d/output"};
  Memory memory;
  Compiled network;
};

/// Channel 0 of values normalized by their own mean and variance.
std::vector<double> normalized(const std::vector<double>& values) {
  std::vector<double> channel;
  for (std::size_t i = 0; i < values.size(); i += kChannels) channel.push_back(values[i]);
  double mean = 0, variance = 0;
  for (const double v : channel) mean += v / double{kBatch};
  for (const double v : channel) variance += (v - mean) * (v - mean) / double{kBatch};
  for (double& v : channel) v = (v - mean) / std::sqrt(variance + kEpsilon);
  return channel;
}

void expect_channel_0(const std::vector<double>& actual, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i * kChannels], expected[i], 1e-12);
}

TEST(Modes, LetOneNormalizationUseTheBatchAndAnotherMovingStatistics) {
  Chain chain;
  chain.mode(kSecond).statistics = Statistics::batch;
  chain.network.run();
  const std::vector<double> x = Chain::in_vector(*chain.network.bound[0]), a = chain.network.read("a/output");
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(a[i], x[i] / std::sqrt(1 + kEpsilon), 1e-12);
  expect_channel_0(chain.network.read("c/output"), normalized(chain.network.read("b/output")));
}

TEST(Modes, SwitchStatisticsFromRunToRun) {
  Chain chain;
  chain.network.run();
  const std::vector<double> before = chain.network.read("a/output");
  chain.mode(kFirst).statistics = Statistics::batch;
  chain.network.run();
  expect_channel_0(chain.network.read("a/output"), normalized(Chain::in_vector(*chain.network.bound[0])));
  chain.mode(kFirst).statistics = Statistics::moving;
  chain.network.run();
  EXPECT_EQ(chain.network.read("a/output"), before);
}

TEST(Modes, UseWhatTheCallerSupplies) {
  Chain chain;
  chain.mode(kFirst).statistics = Statistics::supplied;
  std::ranges::fill(chain.memory.store.supplied.values<double>("a/supplied_mean"), 3.0);
  std::ranges::fill(chain.memory.store.supplied.values<double>("a/supplied_variance"), 4.0 - kEpsilon);
  chain.network.run();
  const std::vector<double> x = Chain::in_vector(*chain.network.bound[0]), a = chain.network.read("a/output");
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(a[i], (x[i] - 3) / 2, 1e-12);
}

TEST(Modes, UpdateStatisticsOfOneLayerAndNotOfTheOther) {
  Chain chain;
  chain.mode(kSecond).update_statistics = true;
  chain.network.run();
  EXPECT_EQ(chain.state("a/moving_variance"), (std::vector<double>(kChannels, 1.0)));
  EXPECT_NE(chain.state("c/moving_variance"), (std::vector<double>(kChannels, 1.0)));
}

TEST(Modes, TrainOnTheBatchWithoutUpdatingStatistics) {
  Chain chain;
  chain.mode(kFirst) = {Statistics::batch, false, false};
  chain.network.run();
  EXPECT_EQ(chain.state("a/moving_mean"), (std::vector<double>(kChannels, 0.0)));
  expect_channel_0(chain.network.read("a/output"), normalized(Chain::in_vector(*chain.network.bound[0])));
}

TEST(Modes, DropInOneDropoutAndNotInTheOther) {
  Chain chain;
  chain.mode(kLastDropout).dropout = true;
  chain.network.run();
  EXPECT_EQ(chain.network.read("b/output"), chain.network.read("a/output"));
  const std::vector<double> c = chain.network.read("c/output"), d = chain.network.read("d/output");
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    dropped += d[i] == 0;
    EXPECT_DOUBLE_EQ(d[i], d[i] == 0 ? 0 : 2 * c[i]);
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_LT(dropped, d.size());
}

TEST(Modes, DrawAnotherMaskForEachLayerStepAndSeed) {
  Chain chain;
  for (const Layer layer : {kDropout, kLastDropout}) chain.mode(layer).dropout = true;
  const auto masks = [&](std::uint64_t seed, std::uint64_t step) {
    chain.network.step.seed = seed;
    chain.network.step.step = step;
    chain.network.run();
    std::vector<std::vector<bool>> dropped;
    for (const char* name : {"b/output", "d/output"}) {
      dropped.emplace_back();
      for (const double v : chain.network.read(name)) dropped.back().push_back(v == 0);
    }
    return dropped;
  };
  const auto first = masks(0, 0);
  EXPECT_EQ(masks(0, 0), first);
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(masks(0, 1)[0], first[0]);
  EXPECT_NE(masks(1, 0)[0], first[0]);
}

}  // namespace
}  // namespace evenkeel
