#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"

// Losses for every position of a sample: outputs [N, H, W, K], as of a U-Net.

namespace evenkeel {
namespace {

using namespace activations;

/// Images of noise with a bright rectangle in each; a pixel's class is where its rectangle is: 0 outside, else 1 or 2
/// by its colour. Targets are one-hot.
Dataset rectangles(std::int64_t samples, std::int64_t classes, std::uint64_t seed) {
  constexpr std::int64_t kSide = 8;
  RandomStream random({.seed = seed, .purpose = Purpose::study});
  Tensor x({samples, kSide, kSide, 2}, DType::float32), y({samples, kSide * kSide * classes}, DType::float32);
  for (std::int64_t i = 0; i < samples; ++i) {
    const std::int64_t top = random.below(5), left = random.below(5), colour = random.below(2);
    for (std::int64_t r = 0; r < kSide; ++r)
      for (std::int64_t c = 0; c < kSide; ++c) {
        const bool inside = r >= top && r < top + 3 && c >= left && c < left + 3;
        const std::int64_t at = (i * kSide + r) * kSide + c;
        for (std::int64_t k = 0; k < 2; ++k)
          x.as<float>()[static_cast<std::size_t>(2 * at + k)] =
              static_cast<float>(0.3 * random.normal() + (inside && k == colour ? 2 : 0));
        const std::int64_t label = inside ? (classes == 1 ? 1 : 1 + colour) : 0;
        if (classes == 1)
          y.as<float>()[static_cast<std::size_t>(at)] = static_cast<float>(label);
        else
          y.as<float>()[static_cast<std::size_t>(at * classes + label)] = 1;
      }
  }
  return Dataset({.name = "rectangles", .x = std::move(x), .y = std::move(y), .class_names = {}});
}

Sequential segmenting(std::int64_t classes) {
  Sequential model({8, 8, 2});
  model.add(Conv2D{.filters = 8, .padding = Padding::same, .use_bias = false}, BatchNormalization{.momentum = 0.9},
            Activation{relu}, Conv2D{.filters = classes, .kernel_size = 1});
  return model;
}

class Positions : public testing::TestWithParam<std::int64_t> {};

TEST_P(Positions, AreLearntEach) {
  const std::int64_t classes = GetParam();
  TrainerOptions options{.optimizer = Adam{.learning_rate = 0.02}, .batch_size = 25, .compute = {.threads = 2}};
  if (classes == 1) options.loss = SigmoidCrossEntropy{};
  Trainer trainer(segmenting(classes), options);
  trainer.fit(rectangles(300, classes, 0), {.epochs = 8});
  const Metrics metrics = trainer.evaluate(rectangles(90, classes, 1)).metrics;
  // Of 64 positions 9 are inside: always answering "outside" is right for 0.86.
  EXPECT_GT(metrics.accuracy.value(), 0.97);
  EXPECT_LT(metrics.loss, 0.15);
}
INSTANTIATE_TEST_SUITE_P(OneOrThreeClasses, Positions, testing::Values(1, 3));

TEST(PositionsLoss, IsTheMeanOfThePositions) {
  Trainer trainer(segmenting(3), {.batch_size = 7, .compute = {.threads = 1}});
  const Dataset data = rectangles(20, 3, 2);
  const Predictions predicted = trainer.predict(data);
  ASSERT_EQ(predicted.scores.shape(), (Shape{20, 8, 8, 3}));
  ASSERT_EQ(predicted.classes.shape(), (Shape{20, 8, 8}));
  const auto scores = predicted.scores.as<float>(), targets = data.y().as<float>();
  const auto classes = predicted.classes.as<std::int32_t>();
  double loss = 0, correct = 0;
  for (std::size_t row = 0; row < classes.size(); ++row)
    for (std::size_t k = 0; k < 3; ++k)
      if (targets[3 * row + k] == 1) {
        loss -= std::log(double{scores[3 * row + k]}) / static_cast<double>(classes.size());
        correct += (classes[row] == static_cast<std::int32_t>(k)) / static_cast<double>(classes.size());
      }
  const Metrics metrics = trainer.evaluate(data).metrics;
  EXPECT_NEAR(metrics.loss, loss, 1e-5);
  EXPECT_NEAR(metrics.accuracy.value(), correct, 1e-9);
}

TEST(PositionsLoss, OfOneOutputIsThatOfTheFlattenedModel) {
  Sequential flat = segmenting(1);
  flat.add(Flatten{});
  const Dataset data = rectangles(50, 1, 3);
  for (const Loss& loss : {Loss(SigmoidCrossEntropy{}), Loss(MeanSquaredError{})}) {
    const TrainerOptions options{.loss = loss, .batch_size = 10, .compute = {.threads = 1}};
    Trainer by_position(segmenting(1), options), as_row(flat, options);
    by_position.fit(data, {.epochs = 2});
    as_row.fit(data, {.epochs = 2});
    // The same sums in another order.
    EXPECT_NEAR(by_position.evaluate(data).metrics.loss, as_row.evaluate(data).metrics.loss, 1e-5);
  }
}

TEST(PositionsLoss, NeedsTargetsForEachPosition) {
  const Dataset data = rectangles(10, 3, 4);
  Trainer trainer(segmenting(3), {.batch_size = 5});
  const Dataset labelled(
      {.name = "labelled", .x = Tensor::copy_of(data.x()), .y = Tensor({10}, DType::int32), .class_names = {}});
  const std::string error = error_of([&] { trainer.fit(labelled); });
  EXPECT_SAYS(error, "a label for each sample");
  EXPECT_SAYS(error, "y [N, 8, 8, 3]");
}

}  // namespace
}  // namespace evenkeel
