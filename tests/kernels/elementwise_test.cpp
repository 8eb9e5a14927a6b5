#include "evenkeel/kernels/elementwise/elementwise.h"

#include <functional>

#include "evenkeel/kernels/elementwise/elementwise_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

class Elementwise : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Elementwise);

using Binary = std::function<void(std::span<const float>, std::span<const float>, std::span<float>, const Threads&)>;
using BinaryReference = std::function<void(std::span<const double>, std::span<const double>, std::span<double>)>;

/// Holds a kernel of two inputs to its reference, at any length, unaligned, and in place of either input.
void check_binary(const Binary& kernel, const BinaryReference& reference) {
  for (const std::int64_t n : {1, 2, 15, 16, 17, 4864, 50001})
    for (const int count : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << n << " elements on " << count);
      const Threads threads(count);
      std::vector<float> a = normal_values(n + 1, 1), b = normal_values(n + 1, 2), y(a.size());
      const auto tail = [](std::vector<float>& values) { return std::span(values).subspan(1); };
      std::vector<double> expected(static_cast<std::size_t>(n));
      reference(in_double(tail(a)), in_double(tail(b)), expected);
      kernel(tail(a), tail(b), tail(y), threads);
      EXPECT_TRUE(agrees(tail(y), expected, {.relative = kRounding}));
      std::vector<float> over_a = a;
      kernel(tail(over_a), tail(b), tail(over_a), threads);
      EXPECT_TRUE(agrees(tail(over_a), expected, {.relative = kRounding}));
      kernel(tail(a), tail(b), tail(b), threads);
      EXPECT_TRUE(agrees(tail(b), expected, {.relative = kRounding}));
    }
}

TEST_P(Elementwise, AddIsCorrectlyRounded) {
  for (const Activation f : {Activation::linear, Activation::relu})
    check_binary([f](auto a, auto b, auto y, const Threads& threads) { add<float>(a, b, f, y, threads); },
                 [f](auto a, auto b, auto y) { reference::add<double>(a, b, f, y); });
}
TEST_P(Elementwise, SubtractIsCorrectlyRounded) { check_binary(subtract, reference::subtract<double>); }
TEST_P(Elementwise, MultiplyIsCorrectlyRounded) { check_binary(multiply, reference::multiply<double>); }

TEST_P(Elementwise, ScaleOffsetIsThatOfTheReference) {
  for (const std::int64_t n : {1, 17, 50001})
    for (const int count : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << n << " elements on " << count);
      std::vector<float> x = normal_values(n, 3, 120, 60);
      std::vector<double> expected(x.size());
      reference::scale_offset<double>(in_double(x), double{1 / 63.86f}, double{-1.89f}, expected);
      scale_offset(x, 1 / 63.86f, -1.89f, x, Threads(count));
      // A sum of two terms of a few units, each rounded where there is no FMA.
      EXPECT_TRUE(agrees(x, expected, {.relative = kRounding, .absolute = 8 * kRounding}));
    }
}

TEST_P(Elementwise, RsqrtHasFullPrecision) {
  for (const float size : {1e-12f, 1e-3f, 1.0f, 1e30f}) {
    std::vector<float> x = normal_values(1003, 4);
    for (float& value : x) value = size * std::abs(value);
    std::vector<double> expected(x.size());
    reference::rsqrt<double>(in_double(x), double{1e-3f}, expected);
    rsqrt(x, 1e-3f, x, Threads(1));
    // Half of the sum's rounding, the root's and the quotient's.
    EXPECT_TRUE(agrees(x, expected, {.relative = 3 * kRounding})) << size;
  }
}

TEST_P(Elementwise, RsqrtHasNoResultWhereThereIsNoRoot) {
  std::vector<float> x(40, -1e-3f);
  for (std::size_t i = 20; i < x.size(); ++i) x[i] = -5e-4f;
  rsqrt(x, 1e-3f, x, Threads(1));
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(std::isnan(x[i]), i < 20) << i;
}

TEST_P(Elementwise, AddBiasAddsToEachColumnItsOwn) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    std::vector<float> x = normal_values(size.rows * size.columns, 5);
    const std::vector<float> bias = normal_values(size.columns, 6);
    const std::vector<double> exact = in_double(x), exact_bias = in_double(bias);
    std::vector<double> expected(x.size());
    reference::add_bias<double>(matrix_of(exact, size), exact_bias, Activation::linear, matrix_of(expected, size));
    add_bias(matrix_of(x, size), bias, Activation::linear, matrix_of(x, size), threads);
    EXPECT_TRUE(agrees(x, expected, {.relative = kRounding}));
  });
}

TEST_P(Elementwise, AddBiasAppliesEachActivation) {
  const Size size{1000, 30};
  const std::vector<float> x = normal_values(30000, 5), bias = normal_values(30, 6);
  std::vector<float> sum(x.size()), expected(x.size()), y(x.size());
  add_bias(matrix_of(x, size), bias, Activation::linear, matrix_of(sum, size), Threads(2));
  for (const Activation f : kMonotone) {
    SCOPED_TRACE(name_of(f));
    activate(f, sum, expected, Threads(2));
    add_bias(matrix_of(x, size), bias, f, matrix_of(y, size), Threads(2));
    EXPECT_EQ(y, expected);
  }
}

TEST_P(Elementwise, AddBiasGradientIsThatOfTheReferenceInPlaceOfDy) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    for (const Activation f : kMonotone) {
      SCOPED_TRACE(name_of(f));
      std::vector<float> y = normal_values(size.rows * size.columns, 8);
      activate(f, y, y, threads);
      std::vector<float> dx = normal_values(size.rows * size.columns, 9), dbias = normal_values(size.columns, 10);
      const std::vector<double> exact_y = in_double(y), exact_dy = in_double(dx);
      std::vector<double> expected(dx.size()), expected_dbias(dbias.size());
      reference::add_bias_gradient<double>(f, matrix_of(exact_y, size), matrix_of(exact_dy, size),
                                           matrix_of(expected, size), expected_dbias);
      add_bias_gradient(f, matrix_of(y, size), matrix_of(dx, size), matrix_of(dx, size), dbias, threads);
      // 1 - y^2 of a y near 1 keeps the rounding of 1. Sums: 64 terms of about 1 at a time in fp32.
      EXPECT_TRUE(agrees(dx, expected, {.relative = 4 * kRounding, .absolute = 10 * kRounding}));
      EXPECT_TRUE(
          agrees(dbias, expected_dbias, {.relative = kRounding, .absolute = 1e-6 * static_cast<double>(size.rows)}));
    }
  });
}

TEST_P(Elementwise, CopyingColumnsInLeavesTheOthersAlone) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 7);
    const Size wider{size.rows, size.columns + 5};
    std::vector<float> y(static_cast<std::size_t>(wider.rows * wider.columns), 9.0f), expected = y;
    copy_columns_in(matrix_of(x, size), matrix_of(y, wider), 2, threads);
    reference::copy_columns_in(matrix_of(x, size), matrix_of(expected, wider), 2);
    EXPECT_EQ(y, expected);
  });
}

TEST_P(Elementwise, CopyingColumnsOutUndoesCopyingThemIn) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 8);
    const Size wider{size.rows, size.columns + 5};
    std::vector<float> wide(static_cast<std::size_t>(wider.rows * wider.columns)), y(x.size()), by_reference(x.size());
    copy_columns_in(matrix_of(x, size), matrix_of(wide, wider), 3, threads);
    copy_columns_out(matrix_of(std::as_const(wide), wider), 3, matrix_of(y, size), threads);
    reference::copy_columns_out(matrix_of(std::as_const(wide), wider), 3, matrix_of(by_reference, size));
    EXPECT_EQ(y, x);
    EXPECT_EQ(by_reference, x);
  });
}

}  // namespace
}  // namespace evenkeel::kernels
