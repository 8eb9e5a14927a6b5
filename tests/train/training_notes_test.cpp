#include "evenkeel/train/training_notes.h"

#include <gtest/gtest.h>

#include "evenkeel/data/label_mapping.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// n samples of 4 equal features, with labels by index.
template <class Label>
Dataset labelled(std::int64_t n, Label label, std::vector<std::string> names = {}) {
  Tensor x({n, 4}, DType::float32), y({n}, DType::int32);
  std::ranges::fill(x.as<float>(), 1.0f);
  for (std::int64_t i = 0; i < n; ++i) y.as<std::int32_t>()[static_cast<std::size_t>(i)] = label(i);
  return Dataset({.name = "set", .x = std::move(x), .y = std::move(y), .class_names = std::move(names)});
}

std::int32_t in_turn(std::int64_t i) { return static_cast<std::int32_t>(i % 4); }

Sequential dense_model(bool normalized = true) {
  Sequential model({4});
  model.add(Dense{.units = 8});
  if (normalized) model.add(BatchNormalization{.momentum = 0.99});
  model.add(Dense{.units = 5});
  return model;
}

Sequential convolution_model() {
  Sequential model({2, 2, 1});
  model.add(Conv2D{.filters = 2, .kernel_size = 1}, BatchNormalization{}, Flatten{}, Dense{.units = 5});
  return model;
}

std::string warnings(const Model& model, const Dataset& data, FitOptions fit = {}, std::int64_t batch_size = 32) {
  return join(training_warnings(model, {.batch_size = batch_size}, data, fit), "\n");
}

TEST(TrainingWarnings, AreNoneForAnOrdinaryTraining) {
  const Dataset data = labelled(100, in_turn), validation = labelled(40, in_turn);
  EXPECT_EQ(warnings(dense_model(), data, {.validation = &validation}), "");
}

TEST(TrainingWarnings, NameClassesThatTrainingNeverSees) {
  const Dataset sorted = labelled(500, [](std::int64_t i) { return static_cast<std::int32_t>(i / 100); });
  const Dataset data = sorted.range(0, 400), validation = sorted.range(400, 500);
  const std::string said = warnings(dense_model(), data, {.validation = &validation});
  EXPECT_SAYS(said, "validation has classes that training never sees: 4.");
  EXPECT_SAYS(said, "sorted by class: shuffle them");
  EXPECT_EQ(std::ranges::count(said, '\n'), 0) << said;
}

TEST(TrainingWarnings, NameClassesThatValidationLacks) {
  const Dataset data = labelled(400, in_turn);
  const Dataset validation = labelled(100, [](std::int64_t i) { return static_cast<std::int32_t>(i % 3); });
  EXPECT_SAYS(warnings(dense_model(), data, {.validation = &validation}),
              "validation lacks classes that training has: 3.");
}

TEST(TrainingWarnings, SayNothingOfClassesThatASmallValidationLacksByChance) {
  const Dataset data = labelled(400, in_turn), validation = labelled(3, in_turn);
  EXPECT_EQ(warnings(dense_model(), data, {.validation = &validation}), "");
}

TEST(TrainingWarnings, SaySoOfOtherShares) {
  const Dataset data = labelled(400, in_turn);
  const Dataset validation = labelled(200, [](std::int64_t i) { return static_cast<std::int32_t>(i < 6 ? i % 4 : 0); });
  EXPECT_SAYS(warnings(dense_model(), data, {.validation = &validation}), "share out their classes differently");
}

TEST(TrainingWarnings, NameALastBatchOfOneSample) {
  const Dataset data = labelled(97, in_turn);
  EXPECT_SAYS(warnings(dense_model(), data),
              "the last batch of each epoch has one sample, and \"batch_normalization\" "
              "normalizes by its statistics: of one value the variance is 0.");
  EXPECT_EQ(warnings(dense_model(false), data), "");
  EXPECT_EQ(warnings(dense_model(), data, {.steps = 10}), "");
  EXPECT_EQ(warnings(dense_model(), labelled(98, in_turn)), "");
}

TEST(TrainingWarnings, NameBatchesOfOneBehindADenseLayer) {
  EXPECT_SAYS(warnings(dense_model(), labelled(64, in_turn), {}, 1), "batches have one sample");
  EXPECT_EQ(warnings(dense_model(false), labelled(64, in_turn), {}, 1), "");
  Tensor x({8, 2, 2, 1}, DType::uint8), y({8}, DType::int32);
  const Dataset images({.name = "", .x = std::move(x), .y = std::move(y), .class_names = {"a", "b"}});
  EXPECT_EQ(warnings(convolution_model(), images, {}, 1), "");
}

TEST(TrainingWarnings, NameUnusualSamples) {
  Tensor x({100, 4}, DType::float32);
  std::ranges::fill(x.as<float>(), 1.0f);
  for (std::size_t i = 28; i < 32; ++i) x.as<float>()[i] = 200;
  const Dataset data({.name = "set", .x = std::move(x), .y = Tensor({100}, DType::int32), .class_names = {"a"}});
  EXPECT_SAYS(warnings(dense_model(), data),
              "in \"set\", 1 of 100 samples is 200 times as large as the median sample (sample 7).");
}

TEST(TrainingWarnings, ProposeAMappingOfLabelsFromOne) {
  const auto from_one = [](std::int64_t i) { return static_cast<std::int32_t>(1 + i % 4); };
  EXPECT_SAYS(warnings(dense_model(), labelled(100, from_one)), "Labels are 1 to 4: --labels from-1");
  EXPECT_EQ(warnings(dense_model(), labelled(100, from_one, {"a", "b", "c", "d", "e"})), "");
}

TEST(TrainingWarnings, SayNothingOfASetThatHasSomeOfItsClasses) {
  EXPECT_EQ(
      warnings(dense_model(), labelled(100, [](std::int64_t i) { return static_cast<std::int32_t>(2 * (i % 3)); })),
      "");
}

TEST(TrainingWarnings, NameSortedSamplesThatAreNotShuffled) {
  const Dataset sorted = labelled(100, [](std::int64_t i) { return static_cast<std::int32_t>(i / 25); });
  EXPECT_SAYS(warnings(dense_model(), sorted, {.shuffle = false}), "sorted by class and are not shuffled");
  EXPECT_EQ(warnings(dense_model(), sorted), "");
}

History ended(double accuracy, double validation_accuracy, double loss = 0.5, double validation_loss = 0.5) {
  History history;
  history.epochs.push_back(
      {.epoch = 1,
       .step = 100,
       .train = {.loss = loss, .accuracy = accuracy, .samples = 1000},
       .validation = Metrics{.loss = validation_loss, .accuracy = validation_accuracy, .samples = 1000}});
  return history;
}

TEST(EndingNote, IsNoneWhereValidationIsAsGood) {
  EXPECT_EQ(ending_note(dense_model(), ended(0.9, 0.9), 35), "");
  EXPECT_EQ(ending_note(dense_model(), ended(0.9, 0.85), 5000), "");
}

TEST(EndingNote, SaysThatValidationIsFarBelow) {
  EXPECT_EQ(ending_note(dense_model(), ended(0.95, 0.31), 5000),
            "validation is far below training: accuracy 0.31 against 0.95");
  EXPECT_SAYS(ending_note(dense_model(), ended(0.1, 0.1, 2.67, 4658), 5000), "loss 4.66e+03 against 2.67");
}

TEST(EndingNote, SaysHowMuchIsLeftOfInitialStatistics) {
  EXPECT_SAYS(ending_note(dense_model(), ended(0.95, 0.31), 35),
              "moving statistics are still 70 % of their initial values, after 35 updates with momentum 0.99");
  History unknown = ended(0.95, 0.31);
  unknown.epochs[0].validation.reset();
  EXPECT_SAYS(ending_note(dense_model(), unknown, 35), "moving statistics");
  EXPECT_EQ(ending_note(dense_model(), unknown, std::nullopt), "");
  EXPECT_EQ(ending_note(dense_model(false), unknown, 35), "");
}

TEST(EndingNote, IsNoneOfARunThatWasInterrupted) {
  History history = ended(0.95, 0.31);
  history.stopped = true;
  EXPECT_EQ(ending_note(dense_model(), history, 35), "");
}

}  // namespace
}  // namespace evenkeel
