#include "evenkeel/kernels/elementwise/activation.h"

#include <algorithm>
#include <cfloat>
#include <limits>

#include "evenkeel/kernels/elementwise/activation_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Both signs, every power of two from 2^-126 to 2^127, 33 numbers in each.
std::vector<float> numbers_of_every_size() {
  std::vector<float> numbers{0.0f, -0.0f, kInfinity, -kInfinity};
  for (int exponent = -126; exponent <= 127; ++exponent)
    for (int step = 0; step < 33; ++step) {
      const float number = std::ldexp(1.0f + static_cast<float>(step) / 33.0f, exponent);
      numbers.push_back(number);
      numbers.push_back(-number);
    }
  return numbers;
}

class Activations : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Activations);

TEST_P(Activations, AreWithinFourUlpForNumbersOfEverySize) {
  const std::vector<float> x = numbers_of_every_size();
  for (const Activation f : kMonotone) {
    SCOPED_TRACE(name_of(f));
    std::vector<float> y(x.size());
    std::vector<double> expected(x.size());
    activate(f, x, y, Threads(2));
    reference::activate<double>(f, in_double(x), expected);
    for (double& value : expected)  // selu leads past the largest floats
      if (std::abs(value) > FLT_MAX) value = std::copysign(kInfinity, value);
    // Below the normal numbers a float has fewer bits.
    EXPECT_TRUE(agrees(y, expected, {.relative = 4 * FLT_EPSILON, .absolute = FLT_MIN}));
  }
}

TEST_P(Activations, MakeNaNOfNaN) {
  for (const Activation f : kMonotone) {
    SCOPED_TRACE(name_of(f));
    const std::vector<float> x(19, kNaN);
    std::vector<float> y(19);
    activate(f, x, y, Threads(1));
    for (const float value : y) EXPECT_TRUE(std::isnan(value));
  }
}

TEST_P(Activations, AgreeOnAnyLengthAndThreadCount) {
  for (const std::int64_t n : {1, 2, 15, 16, 17, 4864, 50001})
    for (const int threads : {1, 2, 3})
      for (const Activation f : kMonotone) {
        SCOPED_TRACE(testing::Message() << name_of(f) << " of " << n << " on " << threads);
        const std::vector<float> x = normal_values(n, 1, 0, 3);
        std::vector<float> y(x.size());
        std::vector<double> expected(x.size());
        activate(f, x, y, Threads(threads));
        reference::activate<double>(f, in_double(x), expected);
        EXPECT_TRUE(agrees(y, expected, {.relative = 4 * FLT_EPSILON}));
      }
}

TEST_P(Activations, WriteNothingBehindTheEnd) {
  std::vector<float> x = normal_values(40, 2), y(40, 7.0f);
  activate(Activation::relu, std::span(x).first(19), std::span(y).first(19), Threads(1));
  for (std::size_t i = 19; i < y.size(); ++i) EXPECT_EQ(y[i], 7.0f);
}

TEST_P(Activations, WorkInPlaceAndUnaligned) {
  for (const Activation f : kMonotone) {
    SCOPED_TRACE(name_of(f));
    std::vector<float> values = normal_values(1001, 3);
    std::vector<double> expected(1000);
    const std::span<float> unaligned = std::span(values).subspan(1);
    reference::activate<double>(f, in_double(unaligned), expected);
    activate(f, unaligned, unaligned, Threads(1));
    EXPECT_TRUE(agrees(unaligned, expected, {.relative = 4 * FLT_EPSILON}));
  }
}

TEST_P(Activations, HaveTheGradientsOfTheReference) {
  for (const Activation f : kMonotone)
    for (const int threads : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << name_of(f) << " on " << threads);
      const std::vector<float> x = normal_values(50001, 4), dy = normal_values(50001, 5);
      std::vector<float> y(x.size()), dx(x.size());
      std::vector<double> expected(x.size());
      activate(f, x, y, Threads(threads));
      activate_gradient(f, y, dy, dx, Threads(threads));
      reference::activate_gradient<double>(f, in_double(y), in_double(dy), expected);
      // y + 1 and 1 - y * y cancel: an error of a rounding of 1, times dy (at most 5).
      EXPECT_TRUE(agrees(dx, expected, {.relative = 3 * kRounding, .absolute = 5 * kRounding}));
    }
}

TEST_P(Activations, HaveGradientsInPlaceOfDyAndOfY) {
  for (const Activation f : kMonotone) {
    SCOPED_TRACE(name_of(f));
    const std::vector<float> x = normal_values(1000, 4), dy = normal_values(1000, 5);
    std::vector<float> y(x.size()), dx(x.size()), over_dy = dy;
    activate(f, x, y, Threads(1));
    activate_gradient(f, y, dy, dx, Threads(1));
    activate_gradient(f, y, over_dy, over_dy, Threads(1));
    activate_gradient(f, y, dy, y, Threads(1));
    EXPECT_EQ(over_dy, dx);
    EXPECT_EQ(y, dx);
  }
}

TEST_P(Activations, ThatAreNotMonotoneAreWithinEightUlpForNumbersOfEverySize) {
  const std::vector<float> x = numbers_of_every_size();
  for (const Activation f : kGated) {
    SCOPED_TRACE(name_of(f));
    std::vector<float> y(x.size());
    std::vector<double> expected(x.size());
    activate(f, x, y, Threads(2));
    reference::activate<double>(f, in_double(x), expected);
    // The argument of gelu_tanh's exp reaches -87, with some roundings.
    const double ulp = f == Activation::gelu_tanh ? 8 + 87 : 8;
    EXPECT_TRUE(agrees(y, expected, {.relative = ulp * FLT_EPSILON, .absolute = 16 * FLT_MIN}));
  }
}

TEST_P(Activations, ThatAreNotMonotoneHaveTheGradientsOfTheReferenceFromX) {
  for (const Activation f : kGated)
    for (const int threads : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << name_of(f) << " on " << threads);
      std::vector<float> x = normal_values(50001, 4, 0, 3), dy = normal_values(50001, 5);
      std::ranges::copy(numbers_of_every_size(), x.begin());
      std::vector<float> dx(x.size());
      std::vector<double> expected(x.size());
      activate_gradient(f, x, dy, dx, Threads(threads));
      reference::activate_gradient<double>(f, in_double(x), in_double(dy), expected);
      // The slope is at most 1.13 and crosses 0, where two terms of at most 1 cancel; dy is at most 5.
      EXPECT_TRUE(agrees(dx, expected, {.relative = 8 * FLT_EPSILON, .absolute = 40 * kRounding}));
      activate_gradient(f, x, dy, x, Threads(threads));
      EXPECT_EQ(x, dx);
    }
}

TEST_P(Activations, ThatAreNotMonotoneMakeNaNOfNaNInBothDirections) {
  for (const Activation f : kGated) {
    SCOPED_TRACE(name_of(f));
    const std::vector<float> x(19, kNaN), dy(19, 1.0f);
    std::vector<float> y(19);
    activate(f, x, y, Threads(1));
    for (const float value : y) EXPECT_TRUE(std::isnan(value));
    activate_gradient(f, x, dy, y, Threads(1));
    for (const float value : y) EXPECT_TRUE(std::isnan(value));
  }
}

class Softmax : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Softmax);

TEST_P(Softmax, IsThatOfTheReference) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 6, 0, 5);
    const std::vector<double> exact = in_double(x);
    std::vector<float> y(x.size());
    std::vector<double> expected(x.size());
    softmax(matrix_of(x, size), matrix_of(y, size), threads);
    reference::softmax(matrix_of(exact, size), matrix_of(expected, size));
    // x - max is rounded at the size of 32 to 64, which exp makes relative; the rest is a few roundings.
    EXPECT_TRUE(agrees(y, expected, {.relative = 40 * kRounding, .absolute = FLT_MIN}));
  });
}

TEST_P(Softmax, DoesNotOverflow) {
  const Size size{1, 5};
  const std::vector<float> x{3e38f, -3e38f, 3e38f, 0, -kInfinity};
  std::vector<float> y(5);
  softmax(matrix_of(x, size), matrix_of(y, size), Threads(1));
  EXPECT_EQ(y, (std::vector<float>{0.5f, 0, 0.5f, 0, 0}));
}

TEST_P(Softmax, MakesNaNOfARowWithNaNAndOfNoOther) {
  const Size size{3, 17};
  std::vector<float> x = normal_values(51, 7);
  x[17 + 11] = kNaN;
  softmax(matrix_of(x, size), matrix_of(x, size), Threads(1));
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(std::isnan(x[i]), i / 17 == 1) << i;
}

TEST_P(Softmax, WorksInPlace) {
  const Size size{63, 10};
  std::vector<float> x = normal_values(630, 8), y(630);
  softmax(matrix_of(std::as_const(x), size), matrix_of(y, size), Threads(1));
  softmax(matrix_of(x, size), matrix_of(x, size), Threads(1));
  EXPECT_EQ(x, y);
}

TEST_P(Softmax, HasTheGradientOfTheReferenceInPlaceOfDy) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 9);
    std::vector<float> y(x.size()), dy = normal_values(size.rows * size.columns, 10);
    std::vector<double> expected(x.size());
    softmax(matrix_of(x, size), matrix_of(y, size), threads);
    const std::vector<double> exact_y = in_double(y), exact_dy = in_double(dy);
    reference::softmax_gradient(matrix_of(exact_y, size), matrix_of(exact_dy, size), matrix_of(expected, size));
    softmax_gradient(matrix_of(std::as_const(y), size), matrix_of(std::as_const(dy), size), matrix_of(dy, size),
                     threads);
    // dy - dot cancels: a few roundings of dy (at most 5), times y.
    EXPECT_TRUE(agrees(dy, expected, {.relative = 3 * kRounding, .absolute = 16 * kRounding}));
  });
}

class LogSoftmax : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(LogSoftmax);

TEST_P(LogSoftmax, IsThatOfTheReference) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 6, 0, 5);
    const std::vector<double> exact = in_double(x);
    std::vector<float> y(x.size());
    std::vector<double> expected(x.size());
    log_softmax(matrix_of(x, size), matrix_of(y, size), threads);
    reference::log_softmax(matrix_of(exact, size), matrix_of(expected, size));
    // x - max is rounded at the size of 32 to 64, and so is the difference to the logarithm of the sum, a few roundings
    // of at most 16.
    EXPECT_TRUE(agrees(y, expected, {.relative = 2 * kRounding, .absolute = 80 * kRounding}));
  });
}

TEST_P(LogSoftmax, IsFiniteWhereTheProbabilityIsTooSmallForAFloat) {
  const Size size{2, 3};
  const std::vector<float> x{0, -200, -3e38f, 1000, 0, 1000};
  std::vector<float> y(6);
  log_softmax(matrix_of(x, size), matrix_of(y, size), Threads(1));
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[1], -200);
  EXPECT_EQ(y[2], -3e38f);
  EXPECT_NEAR(y[3], -std::log(2), 2 * kRounding);
  EXPECT_NEAR(y[4], -1000 - std::log(2), 1000 * kRounding);
}

TEST_P(LogSoftmax, MakesNaNOfARowWithNaNAndOfNoOther) {
  const Size size{3, 17};
  std::vector<float> x = normal_values(51, 7);
  x[17 + 11] = kNaN;
  log_softmax(matrix_of(x, size), matrix_of(x, size), Threads(1));
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(std::isnan(x[i]), i / 17 == 1) << i;
}

TEST_P(LogSoftmax, WorksInPlace) {
  const Size size{63, 11};
  std::vector<float> x = normal_values(693, 8), y(693);
  log_softmax(matrix_of(std::as_const(x), size), matrix_of(y, size), Threads(1));
  log_softmax(matrix_of(x, size), matrix_of(x, size), Threads(1));
  EXPECT_EQ(x, y);
}

TEST_P(LogSoftmax, HasTheGradientOfTheReferenceInPlaceOfDy) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 9);
    std::vector<float> y(x.size()), dy = normal_values(size.rows * size.columns, 10);
    std::vector<double> expected(x.size());
    log_softmax(matrix_of(x, size), matrix_of(y, size), threads);
    const std::vector<double> exact_y = in_double(y), exact_dy = in_double(dy);
    reference::log_softmax_gradient(matrix_of(exact_y, size), matrix_of(exact_dy, size), matrix_of(expected, size));
    log_softmax_gradient(matrix_of(std::as_const(y), size), matrix_of(std::as_const(dy), size), matrix_of(dy, size),
                         threads);
    // dy - exp(y) * sum cancels: a few roundings of either. The sum of a row is at most 5 times its length's root, and
    // the probability that it is multiplied by is small where the row is long.
    const double largest = 5 * std::sqrt(static_cast<double>(size.columns));
    EXPECT_TRUE(agrees(dy, expected, {.relative = 3 * kRounding, .absolute = 4 * largest * kRounding}));
  });
}

}  // namespace
}  // namespace evenkeel::kernels
