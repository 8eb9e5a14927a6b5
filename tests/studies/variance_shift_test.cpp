#include "evenkeel/studies/variance_shift.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/data/patches.h"
#include "evenkeel/data/statistics.h"
#include "evenkeel/nn/model_file.h"
#include "tests/studies/study_test.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

StudyData images() { return {.train = make_patches(false, 200), .test = make_patches(true, 20)}; }

/// As published, less the sweep and most of the network.
VarianceShiftStudy::Options few() {
  return {.keeps = {0.6}, .network_steps = 5, .network_batch = 50, .network_samples = 200, .network_measured = 100};
}

const StudyResult& published_result() {
  static const StudyResult result = [] {
    Watcher watcher;
    const VarianceShiftStudy study({}, images(), few());
    return run_study(study, {}, images(), one_thread({0, 1, 2}), watcher);
  }();
  return result;
}

/// Published and independent ranges of the design's section 8 together, widened by 3 %.
void expect_in_range(const std::string& variant, const std::string& profile, double low, double high) {
  for (const StudyRun& run : published_result().find(variant)->runs)
    for (const double v : run.find_profile(profile)->values) {
      EXPECT_GT(v, 0.97 * low) << variant << ' ' << profile << " seed " << run.seed;
      EXPECT_LT(v, 1.03 * high) << variant << ' ' << profile << " seed " << run.seed;
    }
}

TEST(VarianceShift, DropoutAlonePredictsOnesAndMultipliesWithOneOverKeep) {
  Watcher watcher;
  const VarianceShiftStudy study({}, images(), few());
  const StudyPlan plan = one_thread();
  StudyContext context(plan, 0, watcher, {});
  const StudyRun run = *study.run(study.variants().at(0), context);
  for (const double v : run.find_profile("ones")->values) EXPECT_EQ(v, 1);
  for (const double v : run.find_profile("ones_training")->values) EXPECT_TRUE(v == 0 || v == 1.25) << v;
}

TEST(VarianceShift, LeavesTheModelOfDropoutAloneForItsDiagram) {
  Watcher watcher;
  const TestFolder folder;
  const VarianceShiftStudy study({}, images(), few());
  const StudyPlan plan{.compute = {.threads = 1}, .out = folder.path()};
  StudyContext context(plan, 0, watcher, {});
  study.run(study.variants().at(0), context);
  EXPECT_EQ(read_model_file(folder / "dropout-seed0" / "model.toml").model.layers(), 1u);
}

TEST(VarianceShift, GammaAndPredictionsAreAsPublished) {
  expect_in_range("batch_norm", "gamma", 1.92, 1.97);
  expect_in_range("batch_norm", "ones", 1.02, 1.16);
  expect_in_range("batch_norm", "moving_variance", 3.81, 4.17);
  expect_in_range("dropout_batch_norm", "gamma", 1.15, 1.21);
  expect_in_range("dropout_batch_norm", "ones", 3.54, 3.64);
  expect_in_range("dropout_batch_norm", "ones_restored", 2.45, 2.73);
}

TEST(VarianceShift, TheVarianceFoundIsThatOfTheClosedFormAndIsRestoredByIt) {
  for (const char* variant : {"dropout", "batch_norm", "dropout_batch_norm", "uout_batch_norm"})
    for (const StudyRun& run : published_result().find(variant)->runs) {
      const Profile *found = run.find_profile("moving_variance"), *predicted = run.find_profile("predicted_variance");
      EXPECT_NEAR(mean_of(found->values) / mean_of(predicted->values), 1, 0.02) << variant;
      for (std::size_t i = 0; i < found->values.size(); ++i)
        EXPECT_NEAR(found->values[i] / predicted->values[i], 1, 0.05) << variant << " feature " << i;
    }
  for (const char* variant : {"dropout_batch_norm", "uout_batch_norm"})
    EXPECT_NEAR(mean_of(published_result().find(variant)->values("restored_variance")), 4.0, 0.16) << variant;
  const auto mean = [](const char* variant) {
    return mean_of(published_result().find(variant)->values("moving_variance"));
  };
  EXPECT_NEAR(mean("uout_batch_norm") / mean("dropout_batch_norm"), 1, 0.03);
}

TEST(VarianceShift, DrawsFromTheDistributionOfTheNotebook) {
  const VarianceShiftStudy study({}, images(), few());
  const Dataset draw = study.samples(3);
  EXPECT_EQ(draw.x().shape, Shape({10000, 5}));
  const DatasetStatistics statistics = dataset_statistics(draw);
  EXPECT_NEAR(statistics.mean, 5, 0.05);
  EXPECT_NEAR(statistics.standard_deviation, 2, 0.05);
  EXPECT_NE(draw.fingerprint(), study.samples(4).fingerprint());
}

TEST(VarianceShift, TheFirstNormalizationOfTheNetworkSeesNoDropout) {
  Watcher watcher;
  const VarianceShiftStudy study({}, images(), few());
  const auto variants = study.variants();
  const auto network = std::ranges::find(variants, "network_dropout", &StudyVariant::name);
  const StudyPlan plan = one_thread();
  StudyContext context(plan, 0, watcher, {});
  const StudyRun run = *study.run(*network, context);
  const Profile& ratios = *run.find_profile("variance_ratio");
  ASSERT_EQ(ratios.values.size(), 4u);
  EXPECT_NEAR(ratios.values[0], 1, 1e-6);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_LT(ratios.values[i], 0.95);
}

TEST(VarianceShift, ItsAnswerIsMadeOfItsNumbers) {
  const VarianceShiftStudy study({}, images(), few());
  StudyResult result = made_result(study, "moving_variance", {{1}, {3.25}, {7.5}});
  result.variants[2].runs[0].figures["largest_deviation"] = 0.0123;
  result.variants[2].runs[0].figures["ones"] = 2.5;
  const std::string answer = study.answer(result);
  EXPECT_SAYS(answer, "a variance of 7.50 instead of 3.25");
  EXPECT_SAYS(answer, "within 1.2 %");
  EXPECT_SAYS(answer, "a row of ones becomes 2.50");
}

TEST(VarianceShift, RefusesProbabilitiesThatAreNone) {
  EXPECT_SAYS(error_of([] { VarianceShiftStudy({.sweep = StudySweep{"keep", {0.0}}}, images(), few()); }), "at most 1");
  EXPECT_SAYS(error_of([] { VarianceShiftStudy({.sweep = StudySweep{"keep", {1.5}}}, images(), few()); }), "at most 1");
}

}  // namespace
}  // namespace evenkeel
