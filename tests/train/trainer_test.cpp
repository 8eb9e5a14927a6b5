#include "evenkeel/train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"

namespace evenkeel {
namespace {

TrainerOptions options_with(std::int64_t batch_size) {
  return {.loss = SoftmaxCrossEntropy{},
          .optimizer = Adam{.learning_rate = 3e-3},
          .batch_size = batch_size,
          .seed = 7,
          .compute = {.threads = 2}};
}

TEST(Trainer, GivesBitIdenticalWeightsForTheSameSeedAndThreads) {
  const Dataset data = make_strokes(false, 150);
  std::vector<std::byte> first;
  for (int run = 0; run < 2; ++run) {
    Trainer trainer(small_network(), options_with(32));
    trainer.fit(data, {.epochs = 2});
    auto weights = bytes_of(trainer.network().store().parameters);
    const auto state = bytes_of(trainer.network().store().state);
    weights.insert(weights.end(), state.begin(), state.end());
    if (run == 0) first = weights;
    EXPECT_EQ(weights, first);
  }
}

TEST(Evaluate, TakesNaNForNoPrediction) {
  const Dataset data = make_strokes(false, 60);
  Trainer trainer(small_network(), options_with(30));
  Tensor bias({10}, DType::float32);
  bias.as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  trainer.network().set_weight("dense/bias", bias);
  const Evaluation result = trainer.evaluate(data);
  EXPECT_TRUE(std::isnan(result.metrics.loss));
  EXPECT_EQ(result.metrics.accuracy, 0);
  std::int64_t samples = 0;
  for (const Evaluation::Class& c : result.per_class) {
    EXPECT_EQ(c.accuracy, 0);
    samples += c.samples;
  }
  EXPECT_EQ(samples, 60);
  for (const std::int64_t n : result.confusion.as<std::int64_t>()) EXPECT_EQ(n, 0);
  const Predictions predictions = trainer.predict(data);
  for (const std::int32_t label : predictions.classes.as<std::int32_t>()) EXPECT_EQ(label, kNoClass);
}

TEST(Trainer, GivesOtherWeightsForAnotherSeed) {
  const Dataset data = make_strokes(false, 64);
  TrainerOptions other = options_with(32);
  other.seed = 8;
  Trainer a(small_network(), options_with(32)), b(small_network(), other);
  a.fit(data);
  b.fit(data);
  EXPECT_NE(bytes_of(a.network().store().parameters), bytes_of(b.network().store().parameters));
}

/// The loss of each of the first 50 steps.
std::vector<double> first_losses(int threads) {
  TrainerOptions options = options_with(32);
  options.compute.threads = threads;
  struct Recorder {
    std::shared_ptr<std::vector<double>> losses;
    void on_step(const StepEnd& e) { losses->push_back(e.batch.loss); }
  };
  const auto losses = std::make_shared<std::vector<double>>();
  Trainer trainer(small_network(), options);
  trainer.fit(make_strokes(false, 400), {.steps = 50, .callbacks = {Recorder{losses}}});
  return *losses;
}

TEST(Trainer, LearnsTheSameWithOneThreadAndWithTwoButForRounding) {
  const std::vector<double> one = first_losses(1), two = first_losses(2);
  ASSERT_EQ(one.size(), 50u);
  // Sums in another order differ in the last bits, and 50 steps of Adam let that grow; another mask or batch would
  // show in the first digits.
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], two[i], 2e-3 * one[i]) << "step " << i + 1;
}

TEST(Trainer, LearnsStrokes) {
  const Dataset train = make_strokes(false, 2000), test = make_strokes(true, 500);
  Trainer trainer(small_network(), options_with(50));
  const History history = trainer.fit(train, {.epochs = 4, .validation = &test});
  EXPECT_LT(history.epochs.back().train.loss, history.epochs.front().train.loss);
  EXPECT_GT(*history.epochs.back().validation->accuracy, 0.3);  // chance is 0.1
}

TEST(Trainer, MakesAnUpdateOfTheSmallerLastBatchToo) {
  Trainer trainer(small_network(), options_with(32));
  const History history = trainer.fit(make_strokes(false, 70), {.epochs = 2});
  EXPECT_EQ(trainer.steps_done(), 6u);
  ASSERT_EQ(history.epochs.size(), 2u);
  EXPECT_EQ(history.epochs[1].train.samples, 70);
}

TEST(Trainer, TakesFullBatchesAcrossEpochsWhenStepsAreGiven) {
  Trainer trainer(small_network(), options_with(32));
  const History history = trainer.fit(make_strokes(false, 70), {.steps = 5});
  EXPECT_EQ(trainer.steps_done(), 5u);
  std::int64_t samples = 0;
  for (const EpochRecord& record : history.epochs) samples += record.train.samples;
  EXPECT_EQ(samples, 160);
}

TEST(Trainer, StopsAfterTheStepUnderWay) {
  std::stop_source stop;
  struct StopAtThree {
    std::stop_source stop;
    void on_step(const StepEnd& e) {
      if (e.step == 3) stop.request_stop();
    }
  };
  Trainer trainer(small_network(), options_with(8));
  const History history =
      trainer.fit(make_strokes(false, 80), {.callbacks = {StopAtThree{stop}}, .stop = stop.get_token()});
  EXPECT_TRUE(history.stopped);
  EXPECT_EQ(trainer.steps_done(), 3u);
}

TEST(Trainer, RefusesMoreStepsThanCanBeCounted) {
  Trainer trainer(small_network(), options_with(8));
  const Dataset data = make_strokes(false, 32);
  EXPECT_SAYS(error_of([&] { trainer.fit(data, {.epochs = (std::int64_t{1} << 62) + 1}); }),
              "received 4611686018427387905 epochs");
  EXPECT_SAYS(error_of([&] { trainer.fit(data, {.steps = std::numeric_limits<std::int64_t>::max()}); }),
              "at most 9007199254740992 steps");
  EXPECT_EQ(trainer.steps_done(), 0u);
}

TEST(Trainer, SaysHowManyColumnsFloatTargetsNeed) {
  Sequential model({4});
  model.add(Dense{.units = 5});
  Trainer trainer(model, {.loss = MeanSquaredError{}, .batch_size = 2});
  const Dataset data(
      {.name = "d", .x = Tensor({2, 4}, DType::float32), .y = Tensor({2, 3}, DType::float32), .class_names = {}});
  EXPECT_SAYS(error_of([&] { trainer.fit(data); }), "expected targets [N, 5]");
}

TEST(Trainer, RefusesSharesOutsideOfZeroToOne) {
  Sequential model({4}, "shares");
  model.add(Dense{.units = 2});
  const auto refusal = [&](const Loss& loss, float target) {
    Tensor x({6, 4}, DType::float32), y({6, 2}, DType::float32);
    y.as<float>()[7] = target;
    const Dataset data({.name = "shares", .x = std::move(x), .y = std::move(y), .class_names = {}});
    return error_of([&] { Trainer(model, {.loss = loss, .batch_size = 6}).check(data); });
  };
  EXPECT_SAYS(refusal(SigmoidCrossEntropy{}, 1.5f), "targets from 0 to 1");
  EXPECT_SAYS(refusal(SigmoidCrossEntropy{}, -0.5f), "in sample 3");
  EXPECT_EQ(refusal(SigmoidCrossEntropy{}, 1), "");
  EXPECT_EQ(refusal(SigmoidCrossEntropy{}, 0.25f), "");
  EXPECT_EQ(refusal(MeanSquaredError{}, 7), "");
}

TEST(Trainer, RefusesABatchLargerThanTheSet) {
  Trainer trainer(small_network(), options_with(32));
  EXPECT_THROW(trainer.fit(make_strokes(false, 31)), Error);
}

TEST(Trainer, NamesWhatItExpectedWhereSamplesDoNotFit) {
  Sequential model({14, 14, 1});
  model.add(Flatten{}, Dense{.units = 10});
  Trainer trainer(model, options_with(8));
  try {
    trainer.fit(make_strokes(false, 16));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("[N, 14, 14, 1]"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("[N, 28, 28, 1]"), std::string::npos) << error.what();
  }
}

TEST(Trainer, RefusesMoreClassesThanOutputs) {
  Sequential model({28, 28, 1});
  model.add(Flatten{}, Dense{.units = 9});
  Trainer trainer(model, options_with(8));
  EXPECT_THROW(trainer.fit(make_strokes(false, 100)), Error);
}

TEST(Trainer, TakesTheLearningRateOfEachStepFromItsSchedule) {
  TrainerOptions options = options_with(10);
  options.schedule = CosineSchedule{.alpha = 0.25};
  Trainer trainer(small_network(), options);
  const History history = trainer.fit(make_strokes(false, 40), {.epochs = 2});
  for (const EpochRecord& epoch : history.epochs)
    EXPECT_EQ(epoch.learning_rate, learning_rate_at(options.schedule, 3e-3, epoch.step - 1, 8));
}

TEST(Trainer, RefusesASingleStepOfAScheduleThatNeedsTheRunsLength) {
  TrainerOptions options = options_with(10);
  options.schedule = OneCycleSchedule{};
  Trainer trainer(small_network(), options);
  const Dataset data = make_strokes(false, 10);
  EXPECT_THROW(trainer.step(Batches(data, {.batch_size = 10, .shuffle = false}).next()), Error);
}

TEST(Trainer, RefusesWeightsForMoreOrFewerClassesThanThereAre) {
  TrainerOptions options = options_with(10);
  options.class_weight = {1, 2};
  EXPECT_THROW(Trainer(small_network(), options), Error);
}

/// Trained with averages of the weights that are far from them.
struct Averaged : testing::Test {
  Averaged() : trainer(small_network(), options()) { trainer.fit(data); }
  static TrainerOptions options() {
    TrainerOptions options = options_with(10);
    options.optimizer = Adam{.learning_rate = 3e-2, .ema_momentum = 0.9};
    return options;
  }
  std::vector<std::byte> parameters() const { return bytes_of(trainer.network().store().parameters); }

  const Dataset data = make_strokes(false, 100);
  Trainer trainer;
};

TEST_F(Averaged, WeightsComeAndGoBitByBit) {
  const auto raw = parameters();
  {
    const AveragedWeights averaged(trainer.network());
    const auto average = parameters();
    EXPECT_NE(average, raw);
    const AveragedWeights nested(trainer.network());
    EXPECT_EQ(parameters(), average);
  }
  EXPECT_EQ(parameters(), raw);
}

TEST_F(Averaged, WeightsAreWhatIsEvaluated) {
  const double loss = trainer.evaluate(data).metrics.loss;
  const Predictions predictions = trainer.predict(data);
  Trainer raw(small_network(), options_with(10)), average(small_network(), options_with(10));
  const auto copy = [&](Trainer& to) {
    for (const WeightInfo& w : trainer.network().weights())
      to.network().set_weight(w.name, trainer.network().weight(w.name));
  };
  copy(raw);
  {
    const AveragedWeights averaged(trainer.network());
    copy(average);
  }
  EXPECT_EQ(loss, average.evaluate(data).metrics.loss);
  EXPECT_NE(loss, raw.evaluate(data).metrics.loss);
  EXPECT_TRUE(std::ranges::equal(predictions.outputs.as<float>(), average.predict(data).outputs.as<float>()));
}

TEST_F(Averaged, WeightsLeaveTrainingAsItIs) {
  TrainerOptions without = options();
  std::get<Adam>(without.optimizer).ema_momentum.reset();
  Trainer plain(small_network(), without);
  plain.fit(data);
  trainer.evaluate(data);
  trainer.fit(data, {.shuffle = false});
  plain.fit(data, {.shuffle = false});
  EXPECT_EQ(bytes_of(plain.network().store().parameters), parameters());
  EXPECT_EQ(bytes_of(plain.network().store().state), bytes_of(trainer.network().store().state));
}

TEST_F(Averaged, WeightsAreNotTrained) {
  const AveragedWeights averaged(trainer.network());
  EXPECT_THROW(trainer.fit(data), Error);
}

TEST(AveragedWeights, AreTheWeightsBeforeTheFirstUpdate) {
  Trainer trainer(small_network(), Averaged::options());
  trainer.network().runner(10, Targets::labels, Network::Use::training);  // has made the slots
  const auto before = bytes_of(trainer.network().store().parameters);
  const AveragedWeights averaged(trainer.network());
  EXPECT_EQ(bytes_of(trainer.network().store().parameters), before);
}

TEST(AveragedWeights, ThatCameLaterStayOut) {
  Trainer trainer(small_network(), Averaged::options());
  const Dataset data = make_strokes(false, 40);
  std::vector<std::byte> trained;
  {
    const AveragedWeights none_yet(trainer.network());
    trainer.fit(data);
    trained = bytes_of(trainer.network().store().parameters);
  }
  EXPECT_EQ(bytes_of(trainer.network().store().parameters), trained);
}

TEST(Evaluate, IsExactOverARaggedLastBatch) {
  const Dataset data = make_strokes(true, 101);
  Trainer trainer(small_network(), options_with(32));
  const Metrics ragged = evaluate(trainer.network(), data, {.batch_size = 32}).metrics;
  const Metrics whole = evaluate(trainer.network(), data, {.batch_size = 101}).metrics;
  EXPECT_EQ(ragged.samples, 101);
  EXPECT_NEAR(ragged.loss, whole.loss, 1e-6 * whole.loss);
  // Products of other batches may add in another order: two outputs that are equal within rounding may change places.
  EXPECT_NEAR(*ragged.accuracy, *whole.accuracy, 1.0 / 101);
}

TEST(Evaluate, TakesTheStatisticsOfARaggedLastBatchFromItsSamplesAlone) {
  Sequential model({28, 28, 1}, "of_the_batch");
  model.add(Flatten{}, Dense{.units = 8}, BatchNormalization{.moving_statistics = false}, Dense{.units = 10});
  Trainer trainer(model, options_with(32));
  const Dataset data = make_strokes(true, 50);
  const Predictions both = predict(trainer.network(), data, {.batch_size = 32});
  const Predictions last = predict(trainer.network(), data.range(32, 50), {.batch_size = 18});
  for (std::size_t i = 0; i < 180; ++i)
    ASSERT_NEAR(both.outputs.as<float>()[320 + i], last.outputs.as<float>()[i], 1e-5);
}

TEST(Evaluate, CountsEachClass) {
  const Dataset data = make_strokes(true, 200);
  Trainer trainer(small_network(), options_with(32));
  const Evaluation evaluation = trainer.evaluate(data);
  ASSERT_EQ(evaluation.per_class.size(), 10u);
  double right = 0;
  std::int64_t samples = 0;
  for (const auto& c : evaluation.per_class) {
    right += c.accuracy * static_cast<double>(c.samples);
    samples += c.samples;
  }
  EXPECT_EQ(samples, 200);
  EXPECT_NEAR(right / 200, *evaluation.metrics.accuracy, 1e-12);
}

TEST(Evaluate, InTrainingModeLeavesMovingStatisticsAsTheyAre) {
  Trainer trainer(small_network(), options_with(32));
  const auto before = bytes_of(trainer.network().store().state);
  const Dataset data = make_strokes(true, 70);
  const double loss = evaluate(trainer.network(), data, {.batch_size = 32, .mode = Mode::train}).metrics.loss;
  EXPECT_EQ(bytes_of(trainer.network().store().state), before);
  EXPECT_NE(loss, trainer.evaluate(data).metrics.loss);
}

TEST(Predict, GivesABatchOfOneTheScoresOfABatchOfAHundred) {
  const Dataset data = make_strokes(true, 100);
  Trainer trainer(small_network(), options_with(50));
  trainer.fit(make_strokes(false, 200));
  const Predictions one = predict(trainer.network(), data, {.batch_size = 1});
  const Predictions hundred = predict(trainer.network(), data, {.batch_size = 100});
  const auto a = one.scores.as<float>(), b = hundred.scores.as<float>();
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-5);
}

TEST(Predict, ScoresOfARowAddUpToOne) {
  Trainer trainer(small_network(), options_with(50));
  const Predictions p = trainer.predict(make_strokes(true, 7));
  ASSERT_EQ(p.scores.shape(), Shape({7, 10}));
  for (std::int64_t i = 0; i < 7; ++i) {
    double sum = 0;
    for (float score : p.scores.view().rows(i, i + 1).as<float>()) sum += static_cast<double>(score);
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

}  // namespace
}  // namespace evenkeel
