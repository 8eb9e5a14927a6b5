#include "evenkeel/kernels/loss/losses.h"

#include <limits>

#include "evenkeel/kernels/loss/losses_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
const Threads kOne(1);

/// The loss of one row.
template <class Loss>
float loss_of(Loss loss, const std::vector<float>& outputs, const std::vector<float>& targets) {
  const auto k = static_cast<std::int64_t>(outputs.size());
  float result = kNaN;
  loss(Matrix<const float>{outputs.data(), 1, k}, Matrix<const float>{targets.data(), 1, k}, std::span(&result, 1),
       kOne);
  return result;
}

TEST(OneHot, MarksTheLabelAlone) {
  const std::vector<std::int32_t> labels{2, 0};
  std::vector<float> targets(6, kNaN);
  one_hot(labels, {targets.data(), 2, 3}, kOne);
  EXPECT_EQ(targets, (std::vector<float>{0, 0, 1, 1, 0, 0}));
}

TEST(OneHot, OfOneColumnIsTheLabel) {
  const std::vector<std::int32_t> labels{1, 0, 1};
  std::vector<float> targets(3);
  one_hot(labels, {targets.data(), 3, 1}, kOne);
  EXPECT_EQ(targets, (std::vector<float>{1, 0, 1}));
}

TEST(SoftmaxCrossEntropy, OfEqualLogitsIsTheLogarithmOfTheirNumber) {
  EXPECT_FLOAT_EQ(loss_of(softmax_cross_entropy, {5, 5, 5, 5}, {0, 0, 1, 0}), std::log(4.0f));
}

TEST(SoftmaxCrossEntropy, IsExactWhereTheAnswerIsNearlySure) {
  EXPECT_FLOAT_EQ(loss_of(softmax_cross_entropy, {20, 0}, {1, 0}), std::log1p(std::exp(-20.0f)));
}

TEST(SoftmaxCrossEntropy, DoesNotOverflow) {
  EXPECT_FLOAT_EQ(loss_of(softmax_cross_entropy, {1000, -1000}, {0, 1}), 2000.0f);
}

TEST(SoftmaxCrossEntropy, OfTargetsThatDoNotSumToOneIsLinearInThem) {
  EXPECT_FLOAT_EQ(loss_of(softmax_cross_entropy, {1, 2, 3}, {0.5, 1, 2}),
                  0.5f * loss_of(softmax_cross_entropy, {1, 2, 3}, {1, 0, 0}) +
                      loss_of(softmax_cross_entropy, {1, 2, 3}, {0, 1, 0}) +
                      2 * loss_of(softmax_cross_entropy, {1, 2, 3}, {0, 0, 1}));
}

TEST(SigmoidCrossEntropy, OfZeroLogitsIsTheLogarithmOfTwo) {
  EXPECT_FLOAT_EQ(loss_of(sigmoid_cross_entropy, {0, 0, 0}, {0, 1, 0.5}), std::log(2.0f));
}

TEST(SigmoidCrossEntropy, DoesNotOverflow) {
  EXPECT_FLOAT_EQ(loss_of(sigmoid_cross_entropy, {1000, -1000}, {0, 1}), 1000.0f);
}

TEST(SquaredError, IsTheMeanOverTheRow) { EXPECT_FLOAT_EQ(loss_of(squared_error, {1, 5}, {0, 2}), 5.0f); }

TEST(Losses, OfNaNAreNaN) {
  EXPECT_TRUE(std::isnan(loss_of(softmax_cross_entropy, {0, kNaN, 1}, {1, 0, 0})));
  EXPECT_TRUE(std::isnan(loss_of(sigmoid_cross_entropy, {0, kNaN, 1}, {1, 0, 0})));
  EXPECT_TRUE(std::isnan(loss_of(squared_error, {0, kNaN, 1}, {1, 0, 0})));
}

/// Each loss with its gradient, fast and by reference.
struct Pair {
  const char* name;
  void (*loss)(Matrix<const float>, Matrix<const float>, std::span<float>, const Threads&);
  void (*gradient)(Matrix<const float>, Matrix<const float>, std::span<const float>, Matrix<float>, const Threads&);
  void (*exact_loss)(Matrix<const double>, Matrix<const double>, std::span<double>);
  void (*exact_gradient)(Matrix<const double>, Matrix<const double>, std::span<const double>, Matrix<double>);
};
const Pair kPairs[] = {
    {"softmax cross-entropy", softmax_cross_entropy, softmax_cross_entropy_gradient,
     reference::softmax_cross_entropy<double>, reference::softmax_cross_entropy_gradient<double>},
    {"sigmoid cross-entropy", sigmoid_cross_entropy, sigmoid_cross_entropy_gradient,
     reference::sigmoid_cross_entropy<double>, reference::sigmoid_cross_entropy_gradient<double>},
    {"squared error", squared_error, squared_error_gradient, reference::squared_error<double>,
     reference::squared_error_gradient<double>},
};

TEST(Losses, AndTheirGradientsAreThoseOfTheReference) {
  for (const Pair& pair : kPairs)
    for_sizes_and_threads([&](Size size, const Threads& threads) {
      SCOPED_TRACE(pair.name);
      const std::vector<float> logits = normal_values(size.rows * size.columns, 1, 0, 5);
      std::vector<float> targets = normal_values(size.rows * size.columns, 2), loss(logits.size() / size.columns);
      const std::vector<float> dloss = normal_values(size.rows, 3);
      const std::vector<double> exact_logits = in_double(logits), exact_targets = in_double(targets);
      std::vector<double> exact_loss(loss.size()), exact_gradient(logits.size());
      pair.loss(matrix_of(logits, size), matrix_of(std::as_const(targets), size), loss, threads);
      pair.exact_loss(matrix_of(exact_logits, size), matrix_of(exact_targets, size), exact_loss);
      EXPECT_TRUE(agrees(loss, exact_loss, {.relative = kRounding}));
      std::vector<float> gradient(logits.size());
      pair.gradient(matrix_of(logits, size), matrix_of(std::as_const(targets), size), dloss, matrix_of(gradient, size),
                    threads);
      pair.exact_gradient(matrix_of(exact_logits, size), matrix_of(exact_targets, size), in_double(dloss),
                          matrix_of(exact_gradient, size));
      EXPECT_TRUE(agrees(gradient, exact_gradient, {.relative = kRounding, .absolute = 1e-45}));
    });
}

TEST(LossesReference, GradientsAreTheSlopesOfTheLosses) {
  const Size size{3, 4};
  const std::vector<double> targets{0, 1, 0, 0, 0.25, 0.25, 0.25, 0.25, 0, 0, 0, 2}, dloss{1, -2, 0.5};
  for (const Pair& pair : kPairs) {
    SCOPED_TRACE(pair.name);
    std::vector<double> logits = in_double(normal_values(12, 4)), gradient(12);
    pair.exact_gradient(matrix_of(std::as_const(logits), size), matrix_of(targets, size), dloss,
                        matrix_of(gradient, size));
    for (std::size_t i = 0; i < 12; ++i) {
      const auto loss_at = [&](double shift) {
        std::vector<double> moved = logits, loss(3);
        moved[i] += shift;
        pair.exact_loss(matrix_of(std::as_const(moved), size), matrix_of(targets, size), loss);
        return loss[i / 4] * dloss[i / 4];
      };
      EXPECT_NEAR(gradient[i], (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5, 1e-9) << i;
    }
  }
}

std::vector<float> class_weights_of(const std::vector<float>& targets, std::int64_t k,
                                    const std::vector<float>& by_class) {
  const auto n = static_cast<std::int64_t>(targets.size()) / k;
  std::vector<float> weights(static_cast<std::size_t>(n), kNaN);
  weights_of_classes({targets.data(), n, k}, by_class, weights, kOne);
  return weights;
}

TEST(WeightsOfClasses, AreThoseOfTheFirstLargestTarget) {
  EXPECT_EQ(class_weights_of({0, 0, 1, /**/ 0.5f, 0.5f, 0, /**/ 0, 2, 1}, 3, {7, 8, 9}), (std::vector<float>{9, 7, 8}));
}

TEST(WeightsOfClasses, OfOneColumnAreThoseOfTheRoundedTarget) {
  EXPECT_EQ(class_weights_of({1, 0, 0.9f, 0.2f}, 1, {3, 5}), (std::vector<float>{5, 3, 5, 3}));
}

TEST(WeightsOfClasses, AreOneWhereNoneIsGiven) {
  EXPECT_EQ(class_weights_of({2, -1, 1e30f, kNaN}, 1, {3, 5}), (std::vector<float>{1, 1, 1, 1}));
}

TEST(WeightsOfClasses, AreThoseOfTheReference) {
  for_sizes_and_threads([&](Size size, const Threads& threads) {
    const std::vector<float> targets = normal_values(size.rows * size.columns, 5), by_class = normal_values(100, 6);
    std::vector<float> weights(static_cast<std::size_t>(size.rows));
    std::vector<double> exact(weights.size());
    const std::vector<double> exact_targets = in_double(targets);
    weights_of_classes(matrix_of(targets, size), by_class, weights, threads);
    reference::weights_of_classes<double>(matrix_of(exact_targets, size), in_double(by_class), exact);
    EXPECT_TRUE(agrees(weights, exact, {}));
  });
}

std::vector<float> correct_of(const std::vector<float>& logits, const std::vector<float>& targets, std::int64_t k,
                              float threshold) {
  const auto n = static_cast<std::int64_t>(logits.size()) / k;
  std::vector<float> correct(static_cast<std::size_t>(n));
  count_correct({logits.data(), n, k}, {targets.data(), n, k}, threshold, correct, kOne);
  return correct;
}

TEST(CountCorrect, ComparesTheFirstLargest) {
  EXPECT_EQ(correct_of({1, 3, 2, /**/ 3, 3, 1, /**/ 0, 1, 1}, {0, 1, 0, /**/ 0, 1, 0, /**/ 0, 1, 0}, 3, 0),
            (std::vector<float>{1, 0, 1}));
}

TEST(CountCorrect, ComparesOneColumnWithTheThreshold) {
  EXPECT_EQ(correct_of({0.4f, 0.6f, 0.6f, 0.5f}, {0, 1, 0, 1}, 1, 0.5f), (std::vector<float>{1, 1, 0, 0}));
}

TEST(CountCorrect, NeverTakesARowWithNaNForCorrect) {
  EXPECT_EQ(correct_of({5, kNaN, 0, 5}, {1, 0, 0, 1}, 2, 0), (std::vector<float>{0, 1}));
  EXPECT_EQ(correct_of({kNaN}, {0}, 1, 0.5f), (std::vector<float>{0}));
}

}  // namespace
}  // namespace evenkeel::kernels
