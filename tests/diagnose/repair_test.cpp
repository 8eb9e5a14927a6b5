#include "evenkeel/diagnose/repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/data/sources.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/train/trainer.h"
#include "tests/diagnose/helpers.h"

// A repair from end to end: fitted on some samples, scored on others.

namespace evenkeel {
namespace {

using namespace activations;

/// The `speedup` study's network in small, on strokes.
Model small_speedup(double momentum) {
  Sequential model({28, 28, 1}, "small_speedup");
  model.add(Rescaling{.scale = 1 / 255.0}, BatchNormalization{.momentum = momentum},
            Conv2D{.filters = 8, .strides = 2, .activation = relu}, BatchNormalization{.momentum = momentum},
            Conv2D{.filters = 12, .strides = 2, .activation = relu}, Flatten{},
            BatchNormalization{.momentum = momentum}, Dense{.units = 40, .activation = relu},
            BatchNormalization{.momentum = momentum}, Dense{.units = 10});
  return model;
}

struct Strokes {
  Dataset train = load_dataset("strokes:train[:3000]", Split::train);
  Dataset test = load_dataset("strokes:test[:3000]", Split::test);
};

const Strokes& strokes() {
  static const Strokes data;
  return data;
}

void expect_mended(double momentum, std::int64_t steps) {
  Trainer trainer(small_speedup(momentum),
                  {.optimizer = Adam{.learning_rate = 0.003}, .batch_size = 100, .seed = 1, .compute = {.threads = 1}});
  trainer.fit(strokes().train, {.steps = steps});
  const Repaired repaired =
      repair(trainer.network(), strokes().train, {.fix = "re-estimate", .validation = &strokes().test});
  ASSERT_TRUE(repaired.scores);
  EXPECT_LT(*repaired.scores->before.accuracy, 0.2);
  EXPECT_GT(*repaired.scores->reference->accuracy, 0.6);
  EXPECT_NEAR(*repaired.scores->after.accuracy, *repaired.scores->reference->accuracy, 0.01);
}

TEST(Repair, LiftsANetworkOfNeverUpdatedStatisticsFromChance) { expect_mended(1.0, 150); }

TEST(Repair, LiftsANetworkAfterTooFewStepsForItsMomentum) { expect_mended(0.999, 100); }

TEST(Repair, LeavesNothingOfTheFindingThatItMends) {
  Trainer trainer(small_speedup(1.0), {.batch_size = 100, .seed = 1, .compute = {.threads = 1}});
  trainer.fit(strokes().train, {.steps = 30});
  const auto codes = [](Network& network) {
    std::vector<std::string> found;
    for (const Finding& finding : diagnose(network, {.data = strokes().train}).findings) found.push_back(finding.code);
    return found;
  };
  EXPECT_TRUE(std::ranges::count(codes(trainer.network()), "never-updated"));
  const Repaired repaired = repair(trainer.network(), strokes().train, {.fix = "never-updated"});
  const std::vector<std::string> after = codes(*repaired.network);
  for (const char* code : {"never-updated", "lagging", "stale-statistics"})
    EXPECT_FALSE(std::ranges::count(after, code)) << code;
}

/// The batches that a repair computes in by default. Products of other batches may add in another order, which differs
/// from processor to processor: only the same batches have equal bits everywhere.
const std::int64_t kBatch = RepairOptions().batch_size;

/// A network of chain_model's that has a loss.
std::unique_ptr<Network> network_of(const Model& model) {
  return std::make_unique<Network>(model,
                                   NetworkOptions{.loss = SoftmaxCrossEntropy{}, .seed = 5, .compute = {.threads = 1}});
}

Dataset data_for(const Model& model, std::uint32_t index = 0, std::int64_t n = 60) {
  return normal_data(n, model.input_shape(), 1, 2, index);
}

TEST(Repair, LeavesTheNetworkThatItIsGivenAsItIs) {
  const auto network = network_of(chain_model());
  const auto before = trained_bytes(*network);
  for (const char* method : {"re-estimate", "affine", "uout", "restore-variance"})
    repair(*network, data_for(chain_model()), {.fix = method});
  EXPECT_EQ(trained_bytes(*network), before);
}

TEST(Repair, SetsTheStatisticsThatReestimationFinds) {
  const auto network = network_of(chain_model());
  const Dataset data = data_for(chain_model());
  const Repaired repaired = repair(*network, data, {.fix = "never-updated"});
  reestimate_statistics(*network, data, {.batch_size = kBatch});
  EXPECT_EQ(moving_statistics(*repaired.network), moving_statistics(*network));
}

TEST(Repair, ScoresOnTheValidationSetOnly) {
  const auto network = network_of(chain_model());
  const Dataset data = data_for(chain_model()), other = data_for(chain_model(), 1, 30);
  const Repaired repaired = repair(*network, data, {.validation = &other});
  EXPECT_EQ(repaired.scores->after.loss, evaluate(*repaired.network, other, {.batch_size = kBatch}).metrics.loss);
  EXPECT_EQ(repaired.scores->on, RepairScores::On::validation);
}

TEST(Repair, ScoresWithOneSetOnHalvesThatItWasNotFittedTo) {
  // With as many channels as half the samples, a fit to the scored samples themselves would show.
  const auto network = network_of(chain_model());
  const Dataset data = data_for(chain_model());
  const Repaired repaired = repair(*network, data, {});
  EXPECT_EQ(repaired.scores->on, RepairScores::On::halves);
  EXPECT_EQ(repaired.scores->after.samples, data.size());
  EXPECT_NE(repaired.scores->after.loss, evaluate(*repaired.network, data).metrics.loss);
}

TEST(Repair, ScoresAnExactRepairOnAllSamplesWithNoDifference) {
  const auto network = network_of(chain_model());
  const Repaired repaired = repair(*network, data_for(chain_model()), {.fix = "affine"});
  EXPECT_EQ(repaired.scores->on, RepairScores::On::data);
  EXPECT_NEAR(repaired.scores->after.loss, repaired.scores->before.loss, 1e-5);
  EXPECT_TRUE(repaired.architecture_changed);
}

TEST(Repair, HasTheStatisticsOfTheScoredSamplesAsItsReference) {
  const auto network = network_of(chain_model());
  const Dataset data = data_for(chain_model()), other = data_for(chain_model(), 1);
  const Repaired repaired = repair(*network, data, {.validation = &other});
  reestimate_statistics(*network, other, {.batch_size = kBatch});
  EXPECT_EQ(repaired.scores->reference->loss, evaluate(*network, other, {.batch_size = kBatch}).metrics.loss);
}

TEST(Repair, HasNoScoresWithoutTargets) {
  const auto network = network_of(chain_model());
  const Dataset data = data_for(chain_model());
  const Dataset unlabelled({.name = "x", .x = Tensor::copy_of(data.x()), .y = {}, .class_names = {}});
  const Repaired repaired = repair(*network, unlabelled, {});
  EXPECT_FALSE(repaired.scores);
  EXPECT_TRUE(repaired.network);
}

TEST(Repair, OnlyAdvisesWhereTrainingIsNeededAndNoneAskedFor) {
  const auto network = network_of(chain_model());
  const Repaired repaired = repair(*network, data_for(chain_model()), {.fix = "uout"});
  EXPECT_FALSE(repaired.network);
  EXPECT_FALSE(repaired.log.changes.empty());
  ASSERT_TRUE(repaired.expected);
  EXPECT_NE(repaired.expected->now.loss, repaired.expected->then.loss);
}

TEST(Repair, TellsWhatSmallBatchesCostBeforeTheyAreDoneWithout) {
  const auto network = network_of(chain_model());
  const Repaired repaired =
      repair(*network, data_for(chain_model()), {.fix = "batch-renormalization", .training = {.batch_size = 4}});
  ASSERT_TRUE(repaired.expected);
  EXPECT_SAYS(repaired.expected->what, "batches of 4");
  EXPECT_NE(repaired.expected->now.loss, repaired.expected->then.loss);
}

TEST(Repair, TrainsWhereItIsAskedToAndLeavesStatisticsThatFit) {
  const auto network = network_of(chain_model());
  const Dataset data = data_for(chain_model());
  const Repaired repaired =
      repair(*network, data,
             {.fix = "dropout-last", .then_train = 2, .training = {.batch_size = 20, .compute = {.threads = 1}}});
  ASSERT_TRUE(repaired.network);
  EXPECT_EQ(repaired.trained_epochs, 2);
  const auto now = moving_statistics(*repaired.network);
  const auto exact = measure_statistics(*repaired.network, data).after;
  for (std::size_t i = 0; i < now.size(); ++i)
    EXPECT_NEAR(now[i].mean[0], exact[i].mean[0], 1e-5 * std::sqrt(exact[i].variance[0]) + 1e-6);
}

TEST(Repair, TakesABatchNoLargerThanTheDataToTrain) {
  const auto network = network_of(chain_model());
  EXPECT_TRUE(repair(*network, data_for(chain_model()),
                     {.fix = "uout", .then_train = 1, .training = {.batch_size = 5000, .compute = {.threads = 1}}})
                  .network);
}

TEST(Repair, GivesACopyWhereThereIsNothingToMend) {
  Sequential model({5}, "clean");
  model.add(Dense{.units = 4, .use_bias = false}, BatchNormalization{}, Dense{.units = 2});
  const auto network = network_of(model);
  const Repaired repaired = repair(*network, data_for(model), {.fix = "drop-bias"});
  EXPECT_TRUE(repaired.log.changes.empty());
  EXPECT_FALSE(repaired.architecture_changed);
  EXPECT_EQ(trained_bytes(*repaired.network), trained_bytes(*network));
}

TEST(Repair, SaysWhetherTheInputWasChecked) {
  const auto network = network_of(chain_model());
  const auto unchecked = [&](std::int64_t samples, const char* fix) {
    return repair(*network, data_for(chain_model(), 0, samples), {.fix = fix}).input_unchecked;
  };
  EXPECT_SAYS(unchecked(40, "re-estimate"), "40 samples are too few");
  EXPECT_EQ(unchecked(60, "affine"), "") << "looks at no data";
}

/// What is said about a repair of chain_model's network, `spoil`ed before.
template <class Spoil>
std::string refusal(const RepairOptions& options, Spoil spoil) {
  const auto network = network_of(chain_model());
  spoil(*network);
  return error_of([&] { repair(*network, data_for(chain_model()), options); });
}

TEST(Repair, HidesNoWeightsThatAreNotFinite) {
  for (const char* fix : {"all", "re-estimate", "fold"})
    EXPECT_SAYS(refusal({.fix = fix}, [](Network& n) { change(n, "conv/kernel", [](auto v) { v[3] = NAN; }); }),
                "\"conv/kernel\" is not finite");
}

TEST(Repair, EstimatesNothingFromDataThatAreNotPreparedAsInTraining) {
  Trainer trainer(small_speedup(0.9),
                  {.optimizer = Adam{.learning_rate = 0.003}, .batch_size = 100, .seed = 1, .compute = {.threads = 1}});
  trainer.fit(strokes().train, {.steps = 150});
  const Dataset scaled =
      corrected(strokes().test, {.name = "planted", .correction = {}, .scale = {1 / 255.0}, .offset = {0}});
  EXPECT_EQ(error_of([&] { repair(trainer.network(), strokes().test); }), "");
  EXPECT_SAYS(error_of([&] { repair(trainer.network(), scaled); }), "input mismatch");
}

TEST(Repair, FoldsNoStatisticsThatAreNoNumbers) {
  EXPECT_SAYS(refusal({.fix = "fold"}, [](Network& n) { change(n, "first/moving_mean", [](auto v) { v[0] = NAN; }); }),
              "\"first/moving_mean\" is not finite");
  EXPECT_SAYS(
      refusal({.fix = "affine"}, [](Network& n) { change(n, "first/moving_variance", [](auto v) { v[0] = -1; }); }),
      "\"first/moving_variance\" with epsilon is not above 0");
}

TEST(Repair, ReestimatesStatisticsThatAreNoNumbers) {
  const auto network = network_of(chain_model());
  change(*network, "second/moving_variance", [](auto v) { v[0] = NAN; });
  const Repaired repaired = repair(*network, data_for(chain_model()), {.fix = "bad-variance"});
  EXPECT_TRUE(std::isfinite(repaired.scores->after.loss));
}

TEST(Repair, SaysThatAModelHasNoNormalization) {
  Sequential model({5}, "plain");
  model.add(Dense{.units = 2});
  const auto network = network_of(model);
  EXPECT_SAYS(error_of([&] { repair(*network, data_for(model), {}); }),
              "model \"plain\": expected a normalization for \"re-estimate\" to work on, received none");
}

TEST(Repair, RefusesDataThatDoNotFitTrainingThatNothingNeedsAndTooFewSamples) {
  const auto nothing = [](Network&) {};
  const auto network = network_of(chain_model());
  EXPECT_SAYS(error_of([&] { repair(*network, normal_data(9, {4}), {}); }), "samples [N, 6, 5, 3]");
  EXPECT_SAYS(refusal({.then_train = 3}, nothing), "expected a method that needs training");
  EXPECT_SAYS(error_of([&] { repair(*network, data_for(chain_model(), 0, 1), {}); }), "at least 2 samples");
}

}  // namespace
}  // namespace evenkeel
