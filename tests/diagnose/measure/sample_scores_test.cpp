#include "evenkeel/diagnose/measure/sample_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/train/evaluate.h"
#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

namespace evenkeel {
namespace {

TEST(PairedDifference, IsTheMeanOfDifferencesWithItsError) {
  const Estimate e = paired_difference({1, 2, 3, 4}, {2, 2, 5, 5});
  EXPECT_DOUBLE_EQ(e.value, 1);
  EXPECT_DOUBLE_EQ(e.error, std::sqrt((0 + 1 + 1 + 0) / 3.0) / 2);
}

TEST(PairedDifference, RefusesOtherNumbersOfSamples) { EXPECT_THROW(paired_difference({1, 2}, {1}), Error); }

TEST(Cost, MattersFromATenthAndThreeErrors) {
  const SampleScores good{.loss = {1, 1.1, 0.9, 1}, .correct = {}};
  EXPECT_TRUE(matters(cost_between(good, {.loss = {1.2, 1.31, 1.1, 1.2}, .correct = {}})));
  EXPECT_FALSE(matters(cost_between(good, {.loss = {1.05, 1.15, 0.95, 1.05}, .correct = {}}))) << "a twentieth";
  EXPECT_FALSE(matters(cost_between(good, {.loss = {3, 0.1, 0.9, 1}, .correct = {}}))) << "one sample";
  EXPECT_TRUE(matters(cost_between(good, {.loss = {NAN, 1, 1, 1}, .correct = {}})));
}

TEST(Scorer, GivesThePerSampleLossesThatEvaluationAverages) {
  const auto trainer = trained(small_convnet(), 20);
  Network& network = trainer->network();
  Scorer scorer(network, Targets::labels, 300);  // a ragged last batch
  const SampleScores scores = scorer.score(small_data().test, uniform_modes(network, Statistics::moving, false));
  const Metrics metrics = evaluate(network, small_data().test, {.batch_size = 1000}).metrics;
  EXPECT_EQ(scores.samples(), 1000);
  EXPECT_NEAR(scores.mean_loss().value, metrics.loss, 1e-5);
  // Products of other batches may add in another order: two outputs that are equal within rounding may change places.
  EXPECT_NEAR(scores.accuracy()->value, *metrics.accuracy, 1.0 / 1000);
}

TEST(Scorer, UsesTheStatisticsThatAreSupplied) {
  const auto trainer = trained(small_convnet(), 20);
  Network& network = trainer->network();
  Scorer scorer(network, Targets::labels);
  scorer.supply(moving_statistics(network));
  const Dataset& data = small_data().test;
  EXPECT_EQ(scorer.score(data, uniform_modes(network, Statistics::supplied, false)).loss,
            scorer.score(data, uniform_modes(network, Statistics::moving, false)).loss);
}

TEST(Scorer, PutsShuffledScoresBackInTheOrderOfTheData) {
  const auto trainer = trained(small_convnet(), 20);
  Network& network = trainer->network();
  Scorer scorer(network, Targets::labels);
  const std::vector<LayerMode> modes = uniform_modes(network, Statistics::moving, false);
  const SampleScores straight = scorer.score(small_data().test, modes);
  const SampleScores shuffled =
      shuffled_scores(small_data().test, 3, [&](const Dataset& data) { return scorer.score(data, modes); });
  for (std::size_t i = 0; i < straight.loss.size(); ++i) ASSERT_NEAR(shuffled.loss[i], straight.loss[i], 1e-4) << i;
}

TEST(Scorer, LeavesTheNetworkAsItWas) {
  const auto trainer = trained(small_convnet(0.9, 0.3), 20);
  const std::vector<std::byte> before = trained_bytes(trainer->network());
  diagnosed(trainer->network());
  EXPECT_EQ(trained_bytes(trainer->network()), before);
}

}  // namespace
}  // namespace evenkeel
