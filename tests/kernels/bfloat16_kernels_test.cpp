#include <cstring>
#include <numeric>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/noise/dropout.h"
#include "evenkeel/kernels/noise/uout.h"
#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/normalization/batch_norm_pool.h"
#include "evenkeel/kernels/normalization/batch_norm_reference.h"
#include "evenkeel/kernels/pooling/pooling.h"
#include "evenkeel/kernels/probe/extremes.h"
#include "evenkeel/kernels/probe/moments.h"
#include "evenkeel/kernels/resize/resample.h"
#include "tests/kernels/convolution_cases.h"
#include "tests/kernels/kernel_test.h"

// The vector kernels in bfloat16 compute in float what they read: given the same numbers they yield what the float
// kernels, which other tests hold to double references, yield, rounded once (2^-8); and the same sums to the bit.

namespace evenkeel::kernels {
namespace {

using Narrow = std::vector<bfloat16>;
using Wide = std::vector<float>;

constexpr Activation kAll[] = {Activation::linear,  Activation::relu, Activation::elu,
                               Activation::sigmoid, Activation::tanh, Activation::leaky_relu};

/// Normal numbers that are bfloat16.
Narrow narrow_values(std::int64_t n, std::uint32_t index = 0, double mean = 0, double sigma = 1) {
  Narrow values;
  for (const float v : normal_values(n, index, mean, sigma)) values.emplace_back(v);
  return values;
}

Wide widened(const Narrow& values) { return {values.begin(), values.end()}; }

Narrow narrowed(const Wide& values) {
  Narrow result;
  for (const float v : values) result.emplace_back(v);
  return result;
}

testing::AssertionResult same_bits(const Narrow& actual, const Narrow& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (actual[i].bits != expected[i].bits)
      return testing::AssertionFailure() << "element " << i << " is " << float{actual[i]} << ", not "
                                         << float{expected[i]};
  return testing::AssertionSuccess();
}

class Bfloat16Kernels : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Bfloat16Kernels);

TEST_P(Bfloat16Kernels, RoundAsTheTypeDoes) {
  Wide numbers;
  for (std::uint32_t high = 0; high < 0x10000; ++high)
    for (const std::uint32_t low : {0u, 1u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu})
      numbers.push_back(std::bit_cast<float>(high << 16 | low));
  Narrow result(numbers.size());
  cast(numbers, result, Threads(2));
  EXPECT_TRUE(same_bits(result, narrowed(numbers)));
}

TEST_P(Bfloat16Kernels, WriteNothingBesideTheirElements) {
  for (std::size_t n = 1; n < 40; ++n) {
    Narrow y(n + 2, bfloat16(7.0f));
    cast(Wide(n, 1.0f), std::span(y).subspan(1, n), Threads(1));
    EXPECT_TRUE(y.front() == 7.0f && y.back() == 7.0f) << n;
    Wide wide(n);
    cast(std::span<const bfloat16>(y).subspan(1, n), wide, Threads(1));
    EXPECT_EQ(wide, Wide(n, 1.0f));
  }
}

TEST_P(Bfloat16Kernels, ActivateAsFloatDoes) {
  for (const std::int64_t n : {1, 15, 17, 50001})
    for (const Activation f : kAll) {
      SCOPED_TRACE(testing::Message() << name_of(f) << " of " << n);
      const Narrow x = narrow_values(n, 1, 0, 3), dy = narrow_values(n, 2);
      Wide y(x.size()), dx(x.size());
      Narrow narrow_y(x.size()), narrow_dx(x.size());
      activate(f, widened(x), y, Threads(2));
      activate<bfloat16>(f, x, narrow_y, Threads(2));
      EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
      activate_gradient(f, widened(narrow_y), widened(dy), dx, Threads(2));
      activate_gradient<bfloat16>(f, narrow_y, dy, narrow_dx, Threads(2));
      EXPECT_TRUE(same_bits(narrow_dx, narrowed(dx)));
    }
}

TEST_P(Bfloat16Kernels, ActivateWithoutMonotonyAsFloatDoes) {
  for (const std::int64_t n : {1, 15, 17, 50001})
    for (const Activation f : kGated) {
      SCOPED_TRACE(testing::Message() << name_of(f) << " of " << n);
      const Narrow x = narrow_values(n, 1, 0, 3), dy = narrow_values(n, 2);
      Wide y(x.size()), dx(x.size());
      Narrow narrow_y(x.size()), narrow_dx(x.size());
      activate(f, widened(x), y, Threads(2));
      activate<bfloat16>(f, x, narrow_y, Threads(2));
      EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
      activate_gradient(f, widened(x), widened(dy), dx, Threads(2));
      activate_gradient<bfloat16>(f, x, dy, narrow_dx, Threads(2));
      EXPECT_TRUE(same_bits(narrow_dx, narrowed(dx)));
    }
}

TEST_P(Bfloat16Kernels, NormalizeAsFloatDoes) {
  for_sizes_and_threads([](const Size& size, const Threads& threads) {
    const Narrow x = narrow_values(size.rows * size.columns, 1, 2, 3);
    const Wide wide = widened(x), scale = normal_values(size.columns, 3), shift = normal_values(size.columns, 4);
    const auto channels = static_cast<std::size_t>(size.columns);
    Wide mean(channels), variance(channels), narrow_mean(channels), narrow_variance(channels), sums(channels),
        narrow_sums(channels), y(x.size());
    Narrow narrow_y(x.size());
    channel_moments(matrix_of(wide, size), mean, variance, threads);
    channel_moments<bfloat16>(matrix_of(x, size), narrow_mean, narrow_variance, threads);
    EXPECT_EQ(narrow_mean, mean);
    EXPECT_EQ(narrow_variance, variance);
    channel_sums(matrix_of(wide, size), sums, threads);
    channel_sums<bfloat16>(matrix_of(x, size), narrow_sums, threads);
    EXPECT_EQ(narrow_sums, sums);
    scale_shift(matrix_of(wide, size), scale, shift, Activation::elu, matrix_of(y, size), threads);
    scale_shift<bfloat16>(matrix_of(x, size), scale, shift, Activation::elu, matrix_of(narrow_y, size), threads);
    EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
    add_bias(matrix_of(wide, size), shift, Activation::elu, matrix_of(y, size), threads);
    add_bias<bfloat16>(matrix_of(x, size), shift, Activation::elu, matrix_of(narrow_y, size), threads);
    EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
  });
}

TEST_P(Bfloat16Kernels, TakeTheGradientOfANormalizationAsFloatDoes) {
  for_sizes_and_threads([](const Size& size, const Threads& threads) {
    const std::int64_t n = size.rows * size.columns;
    const Narrow x = narrow_values(n, 1), y = narrow_values(n, 2), dy = narrow_values(n, 3);
    const Wide wide_x = widened(x), wide_y = widened(y), wide_dy = widened(dy);
    const auto channels = static_cast<std::size_t>(size.columns);
    const Wide a = normal_values(size.columns, 4), b = normal_values(size.columns, 5);
    Wide dgamma(channels), dbeta(channels), narrow_dgamma(channels), narrow_dbeta(channels), dx(x.size());
    Narrow narrow_dx(x.size());
    batch_norm_sums(matrix_of(wide_x, size), matrix_of(wide_y, size), matrix_of(wide_dy, size), a, b, Activation::relu,
                    dgamma, dbeta, threads);
    batch_norm_sums<bfloat16>(matrix_of(x, size), matrix_of(y, size), matrix_of(dy, size), a, b, Activation::relu,
                              narrow_dgamma, narrow_dbeta, threads);
    EXPECT_EQ(narrow_dgamma, dgamma);
    EXPECT_EQ(narrow_dbeta, dbeta);
    batch_norm_data_gradient(matrix_of(wide_x, size), matrix_of(wide_y, size), matrix_of(wide_dy, size), a, b, a, b,
                             Activation::relu, matrix_of(dx, size), threads);
    batch_norm_data_gradient<bfloat16>(matrix_of(x, size), matrix_of(y, size), matrix_of(dy, size), a, b, a, b,
                                       Activation::relu, matrix_of(narrow_dx, size), threads);
    EXPECT_TRUE(same_bits(narrow_dx, narrowed(dx)));
  });
}

TEST_P(Bfloat16Kernels, TakeTheGradientOfABiasAsFloatDoes) {
  for_sizes_and_threads([](const Size& size, const Threads& threads) {
    const std::int64_t n = size.rows * size.columns;
    const Narrow y = narrow_values(n, 1), dy = narrow_values(n, 2);
    const Wide wide_y = widened(y), wide_dy = widened(dy);
    Wide dx(y.size()), dbias(static_cast<std::size_t>(size.columns)), narrow_dbias(dbias.size());
    Narrow narrow_dx(y.size());
    add_bias_gradient(Activation::elu, matrix_of(wide_y, size), matrix_of(wide_dy, size), matrix_of(dx, size), dbias,
                      threads);
    add_bias_gradient<bfloat16>(Activation::elu, matrix_of(y, size), matrix_of(dy, size), matrix_of(narrow_dx, size),
                                narrow_dbias, threads);
    EXPECT_EQ(narrow_dbias, dbias);
    EXPECT_TRUE(same_bits(narrow_dx, narrowed(dx)));
  });
}

TEST_P(Bfloat16Kernels, ResampleAsFloatDoes) {
  for (const std::int64_t c : {1, 3, 17, 76})
    for (const Taps& rows : {Taps::linear(5, 10, false), Taps::nearest(5, 10), Taps::shifted(5, 7, 1)})
      for (const Taps& columns :
           {Taps::linear(6, 4, true), Taps::shifted(6, 4, -1), Taps::nearest(3, 6).transposed()}) {
        const Resampling map{2, c, rows, columns};
        const Narrow x = narrow_values(2 * 5 * 6 * c, 1);
        Wide y(static_cast<std::size_t>(2 * rows.outputs() * columns.outputs() * c));
        Narrow narrow_y(y.size());
        resample(map, widened(x), y, Threads(2));
        resample<bfloat16>(map, x, narrow_y, Threads(2));
        EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
      }
}

TEST_P(Bfloat16Kernels, NormalizeAndPoolAsFloatDoes) {
  for (const std::int64_t c : {1, 3, 4, 30, 76})
    for (const Pad pad : {Pad::same, Pad::valid}) {
      const Case at = make_case(2, {7, 9}, c, c, {2, 2}, {2, 2}, pad);
      SCOPED_TRACE(to_string(at));
      const Narrow x = narrow_values(at.x_size(), 1), dy = narrow_values(at.y_size(), 2);
      const Wide scale = normal_values(c, 3), shift = normal_values(c, 4), b = normal_values(c, 5);
      const PooledNormalization<float> of{at.window, Activation::elu, scale, shift};
      Wide y(dy.size()), dx(x.size()), dgamma(scale.size()), dbeta(scale.size()), narrow_dgamma(scale.size()),
          narrow_dbeta(scale.size());
      Narrow narrow_y(dy.size()), narrow_dx(x.size());
      batch_norm_pool(of, widened(x), y, Threads(2));
      batch_norm_pool<bfloat16>(of, x, narrow_y, Threads(2));
      EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
      batch_norm_pool_sums(of, widened(x), widened(narrow_y), widened(dy), shift, b, dgamma, dbeta, Threads(2));
      batch_norm_pool_sums<bfloat16>(of, x, narrow_y, dy, shift, b, narrow_dgamma, narrow_dbeta, Threads(2));
      EXPECT_EQ(narrow_dgamma, dgamma);
      EXPECT_EQ(narrow_dbeta, dbeta);
      batch_norm_pool_data_gradient(of, widened(x), widened(narrow_y), widened(dy), shift, scale, b, shift, dx,
                                    Threads(2));
      batch_norm_pool_data_gradient<bfloat16>(of, x, narrow_y, dy, shift, scale, b, shift, narrow_dx, Threads(2));
      EXPECT_TRUE(same_bits(narrow_dx, narrowed(dx)));
    }
}

TEST_P(Bfloat16Kernels, FindMomentsAsExactlyAsTheDoubleReference) {
  const Size size{4096, 3};
  const Narrow x = narrow_values(size.rows * size.columns, 1, 1e4, 100);
  const Wide wide = widened(x);
  const std::vector<double> exact = in_double(wide);
  Wide mean(3), variance(3);
  std::vector<double> mean_there(3), variance_there(3);
  channel_moments<bfloat16>(matrix_of(x, size), mean, variance, Threads(2));
  reference::channel_moments<double>(matrix_of(exact, size), mean_there, variance_there);
  // The contract of the float kernel: 1e-6 sigma, and the rounding of the results.
  EXPECT_TRUE(agrees(mean, mean_there, {.relative = kRounding, .absolute = 1e-4}));
  EXPECT_TRUE(agrees(variance, variance_there, {.relative = 1e-5}));
}

TEST_P(Bfloat16Kernels, AccumulateAsFloatDoes) {
  for (const Size& size : {Size{1, 1}, {63, 30}, {1000, 76}}) {
    const Narrow x = narrow_values(size.rows * size.columns, 1, 2, 3);
    const Wide wide = widened(x);
    const auto channels = static_cast<std::size_t>(size.columns);
    std::vector<double> a(channels), b(channels), narrow_a(channels), narrow_b(channels);
    accumulate_moments(matrix_of(wide, size), 0, a, b, Threads(2));
    accumulate_moments<bfloat16>(matrix_of(x, size), 0, narrow_a, narrow_b, Threads(2));
    EXPECT_EQ(narrow_a, a);
    EXPECT_EQ(narrow_b, b);
    accumulate_extremes(matrix_of(wide, size), 0, a, b, Threads(2));
    accumulate_extremes<bfloat16>(matrix_of(x, size), 0, narrow_a, narrow_b, Threads(2));
    EXPECT_EQ(narrow_a, a);
    EXPECT_EQ(narrow_b, b);
  }
}

TEST_P(Bfloat16Kernels, DisturbAndRescaleAsFloatDoes) {
  constexpr RandomKey kKey{.seed = 3, .index = 5, .step = 7};
  for (const std::int64_t n : {1, 17, 50001}) {
    const Narrow x = narrow_values(n, 1), other = narrow_values(n, 2);
    Wide y(x.size());
    Narrow narrow_y(x.size());
    dropout(widened(x), 0.3f, kKey, y, Threads(2));
    dropout<bfloat16>(x, 0.3f, kKey, narrow_y, Threads(2));
    EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
    uout(widened(x), 0.3f, kKey, y, Threads(2));
    uout<bfloat16>(x, 0.3f, kKey, narrow_y, Threads(2));
    EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
    add(widened(x), widened(other), Activation::linear, y, Threads(2));
    add<bfloat16>(x, other, Activation::linear, narrow_y, Threads(2));
    EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
    scale_offset(widened(x), 0.1f, 3.0f, y, Threads(2));
    scale_offset<bfloat16>(x, 0.1f, 3.0f, narrow_y, Threads(2));
    EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
    scale_offset(widened(x), 0.1f, 3.0f, narrow_y, Threads(2));
    EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
  }
}

TEST_P(Bfloat16Kernels, PoolAsFloatDoes) {
  for (const std::int64_t c : {1, 3, 4, 30, 76})
    for (const std::int64_t size : {2, 3})
      for (const std::int64_t stride : {2, 3}) {
        const Case at = make_case(2, {7, 9}, c, c, {size, size}, {stride, stride}, Pad::same);
        SCOPED_TRACE(to_string(at));
        const Narrow x = narrow_values(at.x_size(), 1), dy = narrow_values(at.y_size(), 2);
        Wide y(dy.size()), dx(x.size());
        Narrow narrow_y(dy.size()), narrow_dx(x.size());
        average_pool(at.window, widened(x), y, Threads(2));
        average_pool<bfloat16>(at.window, x, narrow_y, Threads(2));
        EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
        max_pool(at.window, widened(x), y, Threads(2));
        max_pool<bfloat16>(at.window, x, narrow_y, Threads(2));
        EXPECT_TRUE(same_bits(narrow_y, narrowed(y)));
        max_pool_gradient(at.window, widened(x), y, widened(dy), dx, Threads(2));
        max_pool_gradient<bfloat16>(at.window, x, narrow_y, dy, narrow_dx, Threads(2));
        // Where windows overlap (3 with stride 2) up to four terms are added in memory and each sum is rounded. None
        // is larger than the sum of the terms' sizes, here below 4 * 4.5.
        const bool overlap = size > stride;
        EXPECT_TRUE(
            agrees(widened(narrow_dx), in_double(dx), {.relative = 0x1p-8, .absolute = overlap ? 3 * 0x1p-8 * 18 : 0}));
      }
}

TEST_P(Bfloat16Kernels, SpreadTheGradientOfAnAverage) {
  for (const std::int64_t c : {1, 4, 30, 76}) {
    const Case at = make_case(2, {7, 9}, c, c, {2, 2}, {2, 2}, Pad::same);
    const Narrow dy = narrow_values(at.y_size(), 2);
    Wide dx(static_cast<std::size_t>(at.x_size()));
    Narrow narrow_dx(dx.size());
    average_pool_gradient(at.window, widened(dy), dx, Threads(2));
    average_pool_gradient<bfloat16>(at.window, dy, narrow_dx, Threads(2));
    EXPECT_TRUE(same_bits(narrow_dx, narrowed(dx))) << c;
  }
}

TEST_P(Bfloat16Kernels, CopyColumns) {
  const Narrow x = narrow_values(5 * 3, 1);
  Narrow wide(5 * 7), back(5 * 3);
  copy_columns_in<bfloat16>(matrix_of(x, {5, 3}), matrix_of(wide, {5, 7}), 2, Threads(1));
  copy_columns_out<bfloat16>(matrix_of(wide, {5, 7}), 2, matrix_of(back, {5, 3}), Threads(1));
  EXPECT_TRUE(same_bits(back, x));
}

}  // namespace
}  // namespace evenkeel::kernels
