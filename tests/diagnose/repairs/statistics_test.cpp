#include <gtest/gtest.h>

#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/diagnose/measure/variance_shift.h"
#include "tests/diagnose/repairs/mended.h"

namespace evenkeel {
namespace {

using namespace activations;

/// Dropout right before a normalization, with two of them behind; the moving statistics are those of training.
std::unique_ptr<Network> with_shift(const Layer& noise) {
  Sequential model = chain("shifted", {6});
  model.add(Dense{.units = 8, .activation = relu, .name = "hidden"}, BatchNormalization{.name = "before"});
  model.append(noise);
  model.add(BatchNormalization{.name = "behind"}, Dense{.units = 5, .activation = relu},
            BatchNormalization{.name = "next"}, Dense{.units = 2});
  return trained(model);
}

TEST(RestoreVariance, IsTheClosedFormOfTheMovingVarianceAndTheMeasuredMean) {
  const auto network = with_shift(Dropout{.rate = 0.4});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 50.0f); });
  const Mended mended(*network, "restore-variance");
  const auto measured = input_statistics(*network, mended.data, network->context(Mode::evaluate).modes)[1];
  const LayerStatistics restored = moving_statistics(*mended.after)[1];
  for (std::size_t c = 0; c < measured.mean.size(); ++c) {
    const double expected = variance_before_dropout(measured.mean[c], 50, 0.6);
    EXPECT_NEAR(restored.variance[c], expected, 1e-6 * expected);
  }
}

TEST(RestoreVariance, UndoesUoutToo) {
  const auto network = with_shift(Uout{.beta = 0.8});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 50.0f); });
  const Mended mended(*network, "restore-variance");
  const auto measured = input_statistics(*network, mended.data, network->context(Mode::evaluate).modes)[1];
  EXPECT_NEAR(moving_statistics(*mended.after)[1].variance[0], variance_before_uout(measured.mean[0], 50, 0.8), 1e-4);
}

TEST(RestoreVariance, ReestimatesWhatFollowsGivenTheRestoredAndNothingBefore) {
  const auto network = with_shift(Dropout{.rate = 0.4});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 50.0f); });
  const Mended mended(*network, "restore-variance");
  const auto before = moving_statistics(*network), after = moving_statistics(*mended.after);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1].mean, before[1].mean);
  const auto reads = input_statistics(*mended.after, mended.data, mended.after->context(Mode::evaluate).modes)[2];
  for (std::size_t c = 0; c < reads.mean.size(); ++c) {
    EXPECT_NEAR(after[2].mean[c], reads.mean[c], 1e-6 * std::sqrt(reads.variance[c]) + 1e-6);
    EXPECT_NEAR(after[2].variance[c], reads.variance[c], 1e-5 * reads.variance[c]);
  }
}

TEST(RestoreVariance, TakesTheMeasuredVarianceWhereTheFormGivesNone) {
  const auto network = with_shift(Dropout{.rate = 0.4});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 1e-6f); });
  const Mended mended(*network, "restore-variance");
  const auto measured = input_statistics(*network, mended.data, network->context(Mode::evaluate).modes)[1];
  EXPECT_NEAR(moving_statistics(*mended.after)[1].variance[0], measured.variance[0], 1e-5 * measured.variance[0]);
  EXPECT_SAYS(mended.log.changes.front().text, "where it gives none");
}

TEST(RestoreVariance, FindsNothingToDoWithoutNoiseRightBefore) {
  Sequential model = chain("clean", {5});
  model.add(Dropout{}, Dense{.units = 4}, BatchNormalization{}, Dense{.units = 2});
  const auto network = trained(model);
  EXPECT_TRUE(Mended(*network, "restore-variance").log.changes.empty());
}

TEST(ReestimateKeeping, LeavesSomeAsTheyAreAndMeasuresTheOthersGivenThem) {
  const auto network = trained(chain_model());
  const Dataset data = normal_data(37, {6, 5, 3}, 2.5, 3);
  const auto before = moving_statistics(*network);
  const Reestimated found = measure_statistics(*network, data, {.keep = {"first", "third"}});
  EXPECT_EQ(found.after[0], before[0]);
  EXPECT_EQ(found.after[2], before[2]);
  set_moving_statistics(*network, found.after);
  const auto reads = input_statistics(*network, data, network->context(Mode::evaluate).modes);
  for (const std::size_t i : {1u, 3u})
    for (std::size_t c = 0; c < reads[i].mean.size(); ++c)
      EXPECT_NEAR(found.after[i].mean[c], reads[i].mean[c], 1e-5 * std::sqrt(reads[i].variance[c]) + 1e-6);
}

TEST(Reestimate, SetsAMeanOfAllBatchesAndLeavesLayersWithoutMovingStatistics) {
  Sequential model = chain("options", {6});
  model.add(Dense{.units = 5}, BatchNormalization{.cumulative_average = true, .name = "mean"}, Activation{elu},
            BatchNormalization{.moving_statistics = false}, Dense{.units = 2});
  const auto network = trained(model);
  const Mended mended(*network, "re-estimate");
  const auto measured = input_statistics(*network, mended.data, network->context(Mode::evaluate).modes)[0];
  const LayerStatistics found = moving_statistics(*mended.after).front();
  for (std::size_t c = 0; c < found.mean.size(); ++c) {
    EXPECT_NEAR(found.mean[c], measured.mean[c], 1e-5 * std::sqrt(measured.variance[c]) + 1e-6);
    EXPECT_NEAR(found.variance[c], measured.variance[c], 1e-5 * measured.variance[c]);
  }
  EXPECT_EQ(mended.after->weight("mean/batches").as<float>()[0], network->weight("mean/batches").as<float>()[0]);
}

}  // namespace
}  // namespace evenkeel
