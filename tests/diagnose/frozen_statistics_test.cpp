#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/diagnose/repair.h"
#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

// Normalizations whose statistics are frozen: training uses the moving ones too, so that it computes what evaluation
// does, and other data do not make them wrong.

namespace evenkeel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

Model frozen(const Model& model, const std::vector<std::string>& layers) {
  return model.with_layers([&](const Layer& layer) {
    return std::ranges::count(layers, layer.name()) > 0 ? layer.with("frozen_statistics", true) : layer;
  });
}

/// The trained network of `from`, with frozen statistics in some layers, and its own trainer for further steps.
std::unique_ptr<Trainer> fine_tuner(Network& from, const std::vector<std::string>& layers) {
  auto trainer = std::make_unique<Trainer>(
      frozen(from.model(), layers),
      TrainerOptions{.optimizer = Adam{.learning_rate = 1e-3}, .batch_size = 50, .compute = {.threads = 1}});
  for (const WeightInfo& weight : from.weights()) trainer->network().set_weight(weight.name, from.weight(weight.name));
  return trainer;
}

const std::vector<std::string> kAll = {"norm_1", "norm_2", "norm_3"};

/// Strokes in another light: the statistics of a network for strokes do not fit them.
Dataset dimmed(const Dataset& data) {
  Tensor x = converted(data.x(), DType::float32);
  for (float& pixel : x.as<float>()) pixel = 100 + 0.4f * pixel;
  return Dataset({.name = data.name(), .x = std::move(x), .y = Tensor::copy_of(data.y()), .class_names = {}});
}

struct DimmedData {
  Dataset train = dimmed(small_data().train), test = dimmed(small_data().test);
};
const DimmedData& dimmed_data() {
  static const DimmedData data;
  return data;
}

/// Trained on strokes, its statistics frozen, and trained further on strokes in another light.
std::unique_ptr<Trainer> transferred(const std::vector<std::string>& layers, std::int64_t steps = 120) {
  auto tuner = fine_tuner(trained(small_convnet())->network(), layers);
  tuner->fit(dimmed_data().train, {.steps = steps});
  return tuner;
}

Diagnosis diagnosed_dimmed(Network& network, Records records = {}) {
  return diagnose(network,
                  {.data = dimmed_data().test, .train_data = dimmed_data().train, .records = std::move(records)});
}

TEST(FrozenStatistics, AreThoseOfEvaluationInTraining) {
  const auto trainer = trained(small_convnet(), 30);
  const auto tuner = fine_tuner(trainer->network(), kAll);
  Network& network = tuner->network();
  const Dataset few = small_data().test.range(0, 50);
  Scorer scorer(network, Network::targets_of(few), 50);
  EXPECT_EQ(scorer.score(few, network.context(Mode::train).modes).loss,
            scorer.score(few, network.context(Mode::evaluate).modes).loss);
  EXPECT_EQ(scorer.score(few, uniform_modes(network, Statistics::batch, false)).loss,
            scorer.score(few, network.context(Mode::evaluate).modes).loss);
}

TEST(FrozenStatistics, OfOneLayerLeaveTheOthersToTheirBatches) {
  const auto trainer = trained(small_convnet(), 30);
  const auto tuner = fine_tuner(trainer->network(), {"norm_2"});
  const std::vector<LayerStatistics> before = moving_statistics(tuner->network());
  tuner->fit(dimmed_data().train, {.steps = 3});
  const std::vector<LayerStatistics> after = moving_statistics(tuner->network());
  EXPECT_NE(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_NE(after[2], before[2]);
}

TEST(FrozenStatistics, DoNotChangeInTrainingWhileEverythingAroundThemLearns) {
  const auto trainer = trained(small_convnet(), 30);
  const auto tuner = fine_tuner(trainer->network(), kAll);
  Network& network = tuner->network();
  const std::vector<LayerStatistics> before = moving_statistics(network);
  tuner->fit(dimmed_data().train, {.steps = 3});
  EXPECT_EQ(moving_statistics(network), before);
  for (const std::string weight : {"conv_1/kernel", "norm_1/gamma", "norm_1/beta", "norm_3/gamma", "head/kernel"}) {
    const auto is = network.weight(weight).as<float>(), was = trainer->network().weight(weight).as<float>();
    EXPECT_FALSE(std::ranges::equal(is, was)) << weight;
  }
}

TEST(FrozenStatistics, OfOtherDataAreNoDefect) {
  const auto tuner = transferred(kAll);
  const Diagnosis diagnosis = diagnosed_dimmed(tuner->network(), {.updates = 120, .batch_size = 50});
  EXPECT_EQ(alarms(diagnosis), 0) << told(diagnosis);
  for (const StatisticsGap& gap : diagnosis.gaps) EXPECT_EQ(gap.distance, 0) << gap.layer;
}

TEST(FrozenStatistics, AreNoPartOfWhatTheModesDifferIn) {
  const auto all = transferred(kAll, 10), one = transferred({"norm_2"}, 10);
  const Attribution none = diagnosed_dimmed(all->network()).attribution;
  EXPECT_TRUE(none.links.empty());
  EXPECT_NEAR(none.start.value, none.end.value, 1e-5);
  for (const ChainLink& link : diagnosed_dimmed(one->network()).attribution.links)
    EXPECT_EQ(std::ranges::count(link.layers, "norm_2"), 0) << link.change;
}

TEST(FrozenStatistics, AreNotToBlameForAStaleLayerBehindThem) {
  const auto tuner = transferred({"norm_1", "norm_2"});
  change(tuner->network(), "norm_3/moving_mean", [](std::span<float> values) {
    for (float& m : values) m += 2;
  });
  const Diagnosis diagnosis = diagnosed_dimmed(tuner->network());
  const Finding* finding = finding_of(diagnosis, "stale-statistics");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_THAT(finding->layers, ElementsAre("norm_3"));
  EXPECT_EQ(alarms(diagnosis), 1) << told(diagnosis);
}

TEST(FrozenStatistics, StayAsTheyAreWhenOthersAreEstimatedAgain) {
  const auto tuner = transferred({"norm_2"}, 10);
  Network& network = tuner->network();
  const std::vector<LayerStatistics> before = moving_statistics(network);
  const Repaired repaired = repair(network, dimmed_data().train, {.fix = "re-estimate"});
  const std::vector<LayerStatistics> after = moving_statistics(*repaired.network);
  EXPECT_NE(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  ASSERT_EQ(repaired.log.left.size(), 1u);
  EXPECT_EQ(repaired.log.left[0].layer, "norm_2");
  EXPECT_THAT(repaired.log.left[0].text, HasSubstr("frozen"));
}

TEST(FrozenStatistics, ThatWereNeverLoadedAreFoundWhereThoseOfTheDataServeBetter) {
  const auto trainer = trained(small_convnet());
  const auto tuner = fine_tuner(trainer->network(), kAll);
  for (const std::string layer : {"norm_1", "norm_2"}) {
    change(tuner->network(), layer + "/moving_mean", [](std::span<float> v) { std::ranges::fill(v, 0.0f); });
    change(tuner->network(), layer + "/moving_variance", [](std::span<float> v) { std::ranges::fill(v, 1.0f); });
  }
  const Diagnosis diagnosis = diagnosed(tuner->network());
  const Finding* finding = finding_of(diagnosis, "not-loaded");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_THAT(finding->layers, ElementsAre("norm_1", "norm_2"));
  EXPECT_EQ(finding->severity, Severity::error);
  EXPECT_FALSE(finding->outlook) << "re-estimating leaves them alone";
  EXPECT_EQ(finding_of(diagnosis, "never-updated"), nullptr) << told(diagnosis);
}

TEST(FrozenStatistics, ThatAreNotThoseOfTheWeightsAreFoundWhereThoseOfTheDataServeBetter) {
  const auto trainer = trained(small_convnet());
  const auto tuner = fine_tuner(trainer->network(), kAll);
  for (const std::string layer : {"norm_1", "norm_2"}) {
    change(tuner->network(), layer + "/moving_mean", [](std::span<float> v) {
      for (float& m : v) m += 3;
    });
    change(tuner->network(), layer + "/moving_variance", [](std::span<float> v) {
      for (float& variance : v) variance *= 6;
    });
  }
  const Diagnosis diagnosis = diagnosed(tuner->network());
  const Finding* finding = finding_of(diagnosis, "not-loaded");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_THAT(finding->layers, IsSupersetOf({"norm_1", "norm_2"}));
  EXPECT_EQ(finding->severity, Severity::error);
  EXPECT_FALSE(finding->outlook) << "re-estimating leaves them alone";
  EXPECT_EQ(finding_of(diagnosis, "stale-statistics"), nullptr) << told(diagnosis);
}

TEST(FrozenStatistics, OfZeroAndOneAreNoDefectOfANetworkThatWasTrainedWithThem) {
  Trainer trainer(frozen(small_convnet(), kAll),
                  {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  trainer.fit(small_data().train, {.steps = 120});
  const Diagnosis diagnosis = diagnosed(trainer.network());
  EXPECT_EQ(alarms(diagnosis), 0) << told(diagnosis);
}

TEST(FrozenStatistics, NeedNoLargeBatches) {
  const auto tuner = transferred(kAll, 10);
  const Diagnosis diagnosis = diagnosed_dimmed(tuner->network(), {.batch_size = 1, .last_batch = 1});
  for (const char* code : {"small-batch", "normalization-of-one-value", "batch-dependence", "lagging"})
    EXPECT_EQ(finding_of(diagnosis, code), nullptr) << told(diagnosis);
}

}  // namespace
}  // namespace evenkeel
