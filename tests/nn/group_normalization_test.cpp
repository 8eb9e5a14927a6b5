#include "evenkeel/nn/layers/group_normalization.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/nn/summary.h"
#include "tests/nn/network.h"
#include "tests/support/layer_check.h"
#include "tests/support/program_check.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

TEST(LayerNormalization, IsALayer) {
  for (const Shape& shape : {Shape{2, 5, 3, 4}, {1, 1, 1, 3}, {3, 30}, {2, 3, 76}, {4, 1}, {5, 1, 17}})
    check_layer(LayerNormalization{}, shape);
  check_layer(LayerNormalization{.epsilon = 1e-5, .center = false}, {3, 3, 2, 4});
  check_layer(LayerNormalization{.scale = false}, {5, 6});
  check_layer(LayerNormalization{.center = false, .scale = false}, {2, 3, 3, 5});
  check_layer(LayerNormalization{.trainable = false}, {2, 7});
}

TEST(GroupNormalization, IsALayer) {
  for (const Shape& shape : {Shape{2, 5, 3, 4}, {1, 1, 1, 2}, {3, 30}, {1, 3, 1, 76}, {2, 7, 6}})
    check_layer(GroupNormalization{.groups = 2}, shape);
  check_layer(GroupNormalization{.groups = 1, .epsilon = 1e-5, .center = false}, {2, 5, 2, 3});
  check_layer(GroupNormalization{.groups = -1, .scale = false}, {2, 3, 5, 4});
  check_layer(GroupNormalization{.groups = 15, .center = false, .scale = false}, {2, 3, 1, 30});
  check_layer(GroupNormalization{}, {1, 3, 1, 64});
}

TEST(InstanceNormalization, IsALayer) {
  for (const Shape& shape : {Shape{2, 5, 3, 4}, {1, 3, 1, 3}, {3, 7, 1}, {1, 5, 3, 30}})
    check_layer(InstanceNormalization{}, shape);
  check_layer(InstanceNormalization{.center = false, .scale = false}, {2, 3, 3, 5});
}

TEST(RMSNormalization, IsALayer) {
  for (const Shape& shape : {Shape{2, 5, 3, 4}, {1, 1, 1, 3}, {3, 30}, {2, 3, 76}, {5, 1, 17}})
    check_layer(RMSNormalization{}, shape);
  check_layer(RMSNormalization{.epsilon = 0.25, .scale = false}, {4, 5});
}

/// What a layer makes of its trial input while training, and that input.
struct Ran {
  Ran(const Layer& layer, const Shape& shape) : trial(subject_of(layer, {shape})) {
    trial.run(LayerMode{});
    x = in_double(trial.input(0));
    y = trial.output();
  }
  Trial trial;
  std::vector<double> x, y;
};

/// Mean and biased variance of what `belongs` says of the elements.
template <class Belongs>
std::pair<double, double> moments(const std::vector<double>& values, Belongs belongs) {
  double n = 0, mean = 0, variance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) n += belongs(i);
  for (std::size_t i = 0; i < values.size(); ++i) mean += belongs(i) ? values[i] / n : 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    variance += belongs(i) ? (values[i] - mean) * (values[i] - mean) / n : 0;
  return {mean, variance};
}

TEST(LayerNormalization, NormalizesEachPositionByItsChannels) {
  const Ran run(LayerNormalization{.center = false, .scale = false}, {2, 3, 2, 5});
  for (std::size_t i = 0; i < run.x.size(); ++i) {
    const auto [mean, variance] = moments(run.x, [&](std::size_t j) { return j / 5 == i / 5; });
    EXPECT_NEAR(run.y[i], (run.x[i] - mean) / std::sqrt(variance + 1e-3), 1e-12) << i;
  }
}

TEST(GroupNormalization, NormalizesNeighbouringChannelsOfASampleOverThePositions) {
  const Ran run(GroupNormalization{.groups = 3, .center = false, .scale = false}, {2, 2, 2, 6});
  for (std::size_t i = 0; i < run.x.size(); ++i) {
    const auto [mean, variance] =
        moments(run.x, [&](std::size_t j) { return j / 24 == i / 24 && j % 6 / 2 == i % 6 / 2; });
    EXPECT_NEAR(run.y[i], (run.x[i] - mean) / std::sqrt(variance + 1e-3), 1e-12) << i;
  }
}

TEST(GroupNormalization, OfAGroupForEachChannelIsInstanceNormalization) {
  const Ran groups(GroupNormalization{.groups = -1}, {2, 3, 4, 5}), instances(InstanceNormalization{}, {2, 3, 4, 5});
  EXPECT_EQ(groups.y, instances.y);
}

TEST(RMSNormalization, DividesByTheRootOfTheMeanSquare) {
  const Ran run(RMSNormalization{.epsilon = 0.25, .scale = false}, {3, 2, 4});
  for (std::size_t i = 0; i < run.x.size(); ++i) {
    double square = 0;
    for (std::size_t c = 0; c < 4; ++c) square += run.x[i / 4 * 4 + c] * run.x[i / 4 * 4 + c] / 4;
    EXPECT_NEAR(run.y[i], run.x[i] / std::sqrt(square + 0.25), 1e-12) << i;
  }
}

TEST(GroupNormalizations, ComputeTheSameInEveryMode) {
  for (const Layer& layer : {Layer(LayerNormalization{}), Layer(GroupNormalization{.groups = 2}),
                             Layer(InstanceNormalization{}), Layer(RMSNormalization{})}) {
    Trial trial(subject_of(layer, {{2, 3, 3, 4}}));
    trial.run(LayerMode{});
    const std::vector<double> training = trial.output();
    for (const LayerMode& mode : every_mode()) {
      trial.run(mode);
      EXPECT_EQ(trial.output(), training) << layer.type();
    }
  }
}

TEST(LayerNormalization, StaysExactWhereTheMeanIsTenThousandDeviations) {
  for (const Layer& layer : {Layer(LayerNormalization{.center = false, .scale = false}),
                             Layer(GroupNormalization{.groups = 4, .center = false, .scale = false})}) {
    const Subject subject = subject_of(layer, {{3, 5, 2, 32}});
    Trial exact(subject), fast(subject, {.real = DType::float32});
    for (std::int64_t i = 0; i < exact.input(0).shape().size(); ++i) {
      const auto value = static_cast<float>(1e4 + std::sin(static_cast<double>(7 * i)) * std::sqrt(2.0));
      exact.input(0).as<double>()[static_cast<std::size_t>(i)] = double{value};
      fast.input(0).as<float>()[static_cast<std::size_t>(i)] = value;
    }
    exact.run(LayerMode{});
    fast.run(LayerMode{});
    EXPECT_TRUE(agree(fast.output(), exact.output(), 1e-5)) << layer.type();
  }
}

std::string refusal(const Layer& layer, const Shape& sample) {
  return error_of([&] {
    Model model(sample);
    model.append(layer);
    compile(model, {});
  });
}

TEST(GroupNormalization, RefusesGroupsThatDoNotDivideTheChannels) {
  EXPECT_SAYS(refusal(GroupNormalization{}, {4, 4, 30}),
              "\"groups\": expected a divisor of 30, the channels of [N, 4, 4, 30], or -1");
  EXPECT_SAYS(refusal(GroupNormalization{.groups = 7}, {30}), "received 7");
  EXPECT_SAYS(refusal(GroupNormalization{.groups = 0}, {30}), "received 0");
  EXPECT_SAYS(refusal(GroupNormalization{.groups = -2}, {30}), "received -2");
}

TEST(InstanceNormalization, RefusesAnInputWithoutPositions) {
  EXPECT_SAYS(refusal(InstanceNormalization{}, {30}), "expected input [N, positions ..., C]");
}

TEST(GroupNormalizations, HaveKerasNamesAndParameterCounts) {
  Sequential model({5, 4, 12});
  model.add(LayerNormalization{}, GroupNormalization{.groups = 3}, RMSNormalization{}, InstanceNormalization{});
  const ModelSummary of = summarize(model);
  std::vector<std::string> names;
  std::vector<std::int64_t> counts;
  for (const LayerSummary& layer : of.layers) {
    names.push_back(layer.name);
    counts.push_back(layer.parameters);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"layer_normalization", "group_normalization", "rms_normalization",
                                             "instance_normalization"}));
  EXPECT_EQ(counts, (std::vector<std::int64_t>{24, 24, 12, 24}));
  EXPECT_EQ(of.non_trainable, 0);
}

}  // namespace
}  // namespace evenkeel
