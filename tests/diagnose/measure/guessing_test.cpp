#include "evenkeel/diagnose/measure/guessing.h"

#include <cmath>

#include "evenkeel/diagnose/measure/chance_loss.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

Dataset labelled(const std::vector<std::int32_t>& labels) {
  Tensor y({std::ssize(labels)}, DType::int32);
  std::ranges::copy(labels, y.as<std::int32_t>().begin());
  return Dataset(
      {.name = "labels", .x = Tensor({std::ssize(labels), 1}, DType::float32), .y = std::move(y), .class_names = {}});
}

Dataset with_targets(const std::vector<float>& targets) {
  Tensor y({std::ssize(targets), 1}, DType::float32);
  std::ranges::copy(targets, y.as<float>().begin());
  return Dataset(
      {.name = "numbers", .x = Tensor({std::ssize(targets), 1}, DType::float32), .y = std::move(y), .class_names = {}});
}

/// So many samples of each class in turn.
std::vector<std::int32_t> in_turn(std::int64_t samples, std::int32_t classes) {
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < samples; ++i) labels.push_back(static_cast<std::int32_t>(i % classes));
  return labels;
}

/// Of which a part is right, spread over the classes.
SampleScores scores_of(std::size_t samples, double right, double loss) {
  SampleScores scores;
  for (std::size_t i = 0; i < samples; ++i) {
    const double before = std::floor(right * static_cast<double>(i)),
                 after = std::floor(right * static_cast<double>(i + 1));
    scores.correct.push_back(after > before ? 1 : 0);
    scores.loss.push_back(loss + (i % 2 == 0 ? 0.1 : -0.1));
  }
  return scores;
}

TEST(Guessing, AnswersWithTheHistogramOfTheLabels) {
  const Guessing guess = guessing(SoftmaxCrossEntropy{}, labelled({0, 0, 0, 1}), 2);
  EXPECT_NEAR(guess.scores.mean_loss().value, -0.75 * std::log(0.75) - 0.25 * std::log(0.25), 1e-12);
  EXPECT_EQ(guess.scores.accuracy()->value, 0.75);
  EXPECT_NEAR(guess.even_loss, std::log(2), 1e-12);
}

TEST(Guessing, HasTheChanceLossForItsMean) {
  const Dataset labels = labelled({0, 1, 2, 2, 3}), numbers = with_targets({0, 1, 5});
  EXPECT_NEAR(guessing(SoftmaxCrossEntropy{}, labels, 4).scores.mean_loss().value,
              chance_loss(SoftmaxCrossEntropy{}, labels, 4), 1e-12);
  EXPECT_NEAR(guessing(SigmoidCrossEntropy{}, labels, 4).scores.mean_loss().value,
              chance_loss(SigmoidCrossEntropy{}, labels, 4), 1e-12);
  EXPECT_NEAR(guessing(MeanSquaredError{}, numbers, 1).scores.mean_loss().value,
              chance_loss(MeanSquaredError{}, numbers, 1), 1e-6);
}

TEST(Guessing, MeansEvenOddsWhereAllSamplesAreOfOneClass) {
  const Guessing guess = guessing(SoftmaxCrossEntropy{}, labelled({4, 4, 4}), 5);
  EXPECT_NEAR(guess.scores.mean_loss().value, std::log(5), 1e-12);
  EXPECT_NEAR(guess.scores.accuracy()->value, 0.2, 1e-12);
}

TEST(Guessing, HasLabelSmoothingInItsLoss) {
  // Even classes: the smoothed target's cross-entropy with even odds is log K whatever the smoothing.
  const Guessing guess = guessing(SoftmaxCrossEntropy{.label_smoothing = 0.3}, labelled(in_turn(40, 4)), 4);
  EXPECT_NEAR(guess.scores.mean_loss().value, std::log(4), 1e-12);
}

AgainstGuessing standing(const std::vector<std::int32_t>& labels, std::int64_t outputs, double right, double loss) {
  return against_guessing(scores_of(labels.size(), right, loss),
                          guessing(SoftmaxCrossEntropy{}, labelled(labels), outputs));
}

TEST(AgainstGuessing, IsBetterForWeakNetworksOfAnyNumberOfClasses) {
  EXPECT_EQ(standing(in_turn(2000, 10), 10, 0.3, 2.0), AgainstGuessing::better);
  EXPECT_EQ(standing(in_turn(2000, 10), 10, 0.55, 1.3), AgainstGuessing::better);
  EXPECT_EQ(standing(in_turn(2000, 2), 2, 0.6, 0.66), AgainstGuessing::better);
  EXPECT_EQ(standing(in_turn(300, 5), 5, 0.6, 1.1), AgainstGuessing::better);
}

TEST(AgainstGuessing, IsGuessingAtChance) {
  EXPECT_EQ(standing(in_turn(2000, 10), 10, 0.1, 2.31), AgainstGuessing::guessing);
  EXPECT_EQ(standing(in_turn(2000, 10), 10, 0.13, 2.45), AgainstGuessing::guessing);
  EXPECT_EQ(standing(in_turn(600, 10), 10, 0.09, 4658), AgainstGuessing::guessing);
  EXPECT_EQ(standing(in_turn(600, 2), 2, 0.5, 0.70), AgainstGuessing::guessing);
  EXPECT_EQ(standing(in_turn(600, 10), 10, 0.1, NAN), AgainstGuessing::guessing);
}

TEST(AgainstGuessing, TellsScoresThatAreFarTooSureFromAnswersThatAreRight) {
  EXPECT_EQ(standing(in_turn(2000, 10), 10, 0.6, 5), AgainstGuessing::answers_alone);
  EXPECT_EQ(standing(in_turn(2000, 10), 10, 0.6, 1.4), AgainstGuessing::better);
}

TEST(AgainstGuessing, LooksAtTheClassesWhereOneIsFrequent) {
  // Nineteen of twenty are of class 0.
  std::vector<std::int32_t> labels(2000);
  for (std::size_t i = 0; i < labels.size(); i += 20) labels[i] = 1;
  const Guessing guess = guessing(SoftmaxCrossEntropy{}, labelled(labels), 2);
  SampleScores constant{.loss = guess.scores.loss, .correct = guess.scores.correct};
  EXPECT_EQ(against_guessing(constant, guess), AgainstGuessing::guessing);
  // Fewer right than by guessing, but four of five of either class.
  SampleScores weighed;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    weighed.correct.push_back((i / 20) % 5 == 0 ? 0 : 1);
    weighed.loss.push_back(weighed.correct.back() > 0 ? 0.3 : 1.2);
  }
  EXPECT_EQ(against_guessing(weighed, guess), AgainstGuessing::better);
  // Useful scores, but never the rare class.
  for (std::size_t i = 0; i < labels.size(); ++i) constant.loss[i] = labels[i] == 1 ? 1.2 : 0.05;
  EXPECT_EQ(against_guessing(constant, guess), AgainstGuessing::loss_alone);
}

TEST(AgainstGuessing, SaysNothingOfTooFewSamples) {
  EXPECT_EQ(standing(in_turn(12, 4), 4, 0.34, 1.2), AgainstGuessing::better);
}

TEST(AgainstGuessing, ComparesNumbersWithTheirMean) {
  std::vector<float> targets;
  for (int i = 0; i < 400; ++i) targets.push_back(static_cast<float>(i % 20));
  const Guessing guess = guessing(MeanSquaredError{}, with_targets(targets), 1);
  SampleScores scores{.loss = guess.scores.loss, .correct = {}};
  EXPECT_EQ(against_guessing(scores, guess), AgainstGuessing::guessing);
  for (double& loss : scores.loss) loss *= 0.6;
  EXPECT_EQ(against_guessing(scores, guess), AgainstGuessing::better);
}

TEST(ClassScores, AreTheRecallsOfTheClassesThatHaveSamples) {
  const auto scores = class_scores({.loss = {0, 0, 0, 0}, .correct = {1, 0, 0, 0}}, {3, 3, 5, 5});
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].label, 3);
  EXPECT_EQ(scores[0].recall, 0.5);
  EXPECT_EQ(scores[1].samples, 2);
  EXPECT_EQ(scores[1].recall, 0);
}

}  // namespace
}  // namespace evenkeel
