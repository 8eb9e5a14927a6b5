// N processes find what one finds. The processes are threads here; tests/app starts real ones.
#include "evenkeel/diagnose/measure/spread_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/own_network.h"
#include "evenkeel/distributed/thread_group.h"
#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

namespace evenkeel {
namespace {

/// Stale statistics in the second normalization, with dropout behind it.
std::unique_ptr<Trainer> defective() {
  auto trainer = trained(small_convnet(0.9, 0.3), 60);
  Network& network = trainer->network();
  Tensor variance = Tensor::copy_of(network.weight("norm_2/moving_variance"));
  for (float& v : variance.as<float>()) v *= 6;
  network.set_weight("norm_2/moving_variance", variance);
  return trainer;
}

void expect_near(double a, double b) { EXPECT_NEAR(a, b, 1e-5 * std::max(1.0, std::abs(b))); }

void expect_near(const std::vector<double>& a, const std::vector<double>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) expect_near(a[i], b[i]);
}

void expect_same(const Diagnosis& a, const Diagnosis& b) {
  EXPECT_EQ(a.checked, b.checked);
  EXPECT_EQ(a.unchecked, b.unchecked);
  EXPECT_EQ(a.notes, b.notes);
  ASSERT_EQ(a.findings.size(), b.findings.size()) << told(a) << told(b);
  for (std::size_t i = 0; i < a.findings.size(); ++i) {
    EXPECT_EQ(a.findings[i].code, b.findings[i].code);
    EXPECT_EQ(a.findings[i].layers, b.findings[i].layers);
    EXPECT_EQ(a.findings[i].severity, b.findings[i].severity);
    ASSERT_EQ(a.findings[i].cost.has_value(), b.findings[i].cost.has_value());
    if (a.findings[i].cost) expect_near(a.findings[i].cost->loss.value, b.findings[i].cost->loss.value);
  }
  expect_near(a.cells.evaluation.loss.value, b.cells.evaluation.loss.value);
  expect_near(a.cells.training.loss.value, b.cells.training.loss.value);
  expect_near(a.cells.train_training->loss.value, b.cells.train_training->loss.value);
  ASSERT_EQ(a.attribution.links.size(), b.attribution.links.size());
  for (std::size_t i = 0; i < a.attribution.links.size(); ++i)
    expect_near(a.attribution.links[i].cost.loss.value, b.attribution.links[i].cost.loss.value);
  ASSERT_EQ(a.gaps.size(), b.gaps.size());
  for (std::size_t i = 0; i < a.gaps.size(); ++i) {
    expect_near(a.gaps[i].distance, b.gaps[i].distance);
    expect_near(a.gaps[i].data.mean, b.gaps[i].data.mean);
    expect_near(a.gaps[i].data.variance, b.gaps[i].data.variance);
  }
  ASSERT_EQ(a.shifts.size(), b.shifts.size());
  for (std::size_t i = 0; i < a.shifts.size(); ++i) {
    ASSERT_EQ(a.shifts[i].has_value(), b.shifts[i].has_value());
    if (!a.shifts[i]) continue;
    expect_near(a.shifts[i]->measured, b.shifts[i]->measured);
    ASSERT_EQ(a.shifts[i]->closed_form.has_value(), b.shifts[i]->closed_form.has_value());
    if (a.shifts[i]->closed_form) expect_near(*a.shifts[i]->closed_form, *b.shifts[i]->closed_form);
  }
}

TEST(SpreadNetwork, IsDiagnosedAsByOneProcess) {
  const Diagnosis one = diagnosed(defective()->network());
  ASSERT_TRUE(finding_of(one, "stale-statistics")) << told(one);
  for (const int processes : {2, 3}) {
    std::vector<Diagnosis> all(static_cast<std::size_t>(processes));
    ThreadGroup::run(processes, [&](Communicator& among) {
      all[static_cast<std::size_t>(among.rank())] = diagnose(
          defective()->network(), {.data = small_data().test, .train_data = small_data().train, .among = &among});
    });
    for (const Diagnosis& diagnosis : all) expect_same(diagnosis, one);
  }
}

/// Fewer batches than processes, and a last one that is smaller.
TEST(SpreadNetwork, MeasuresLikeOneProcess) {
  const auto trainer = defective();
  for (const std::int64_t samples : {40, 130}) {
    const Dataset data = small_data().test.range(0, samples);
    OwnNetwork alone(trainer->network());
    const std::vector<LayerStatistics> statistics = moving_statistics(alone);
    const Pass pass{.noise = true, .step = 5, .batch_size = 50};
    std::vector<float> expected_outputs;
    const SampleScores expected = alone.score(data, pass, &expected_outputs);
    const LayerStatistics moments = alone.input_moments(data, 1, 50);
    const auto signals = alone.channel_signals(data, statistics, 50);
    const int head = alone.model().find("head");
    const auto squares = alone.input_squares(data, statistics, {head}, 50);
    const Reestimated found = alone.statistics(data, {.batch_size = 50});
    ThreadGroup::run(3, [&](Communicator& among) {
      const auto own_trainer = defective();
      OwnNetwork own(own_trainer->network());
      SpreadNetwork spread(own, among);
      std::vector<float> outputs;
      std::int64_t told = 0;
      Pass told_pass = pass;
      told_pass.after_batch = [&](std::int64_t n) { told += n; };
      const SampleScores scores = spread.score(data, told_pass, &outputs);
      EXPECT_EQ(scores.loss, expected.loss);  // to the bit
      EXPECT_EQ(scores.correct, expected.correct);
      EXPECT_EQ(outputs, expected_outputs);
      EXPECT_EQ(told, samples);
      const LayerStatistics moments_here = spread.input_moments(data, 1, 50);
      expect_near(moments_here.mean, moments.mean);
      expect_near(moments_here.variance, moments.variance);
      const auto signals_here = spread.channel_signals(data, statistics, 50);
      ASSERT_EQ(signals_here.size(), signals.size());
      for (std::size_t i = 0; i < signals.size(); ++i) {
        EXPECT_EQ(signals_here[i].smallest, signals[i].smallest);
        EXPECT_EQ(signals_here[i].largest, signals[i].largest);
        expect_near(signals_here[i].mean, signals[i].mean);
        expect_near(signals_here[i].variance, signals[i].variance);
      }
      expect_near(spread.input_squares(data, statistics, {head}, 50).at(head), squares.at(head));
      const Reestimated found_here = spread.statistics(data, {.batch_size = 50});
      for (std::size_t i = 0; i < found.after.size(); ++i) {
        expect_near(found_here.after[i].mean, found.after[i].mean);
        expect_near(found_here.after[i].variance, found.after[i].variance);
      }
    });
  }
}

}  // namespace
}  // namespace evenkeel
