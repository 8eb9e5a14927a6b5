#include "evenkeel/kernels/normalization/batch_norm.h"

#include <cfloat>
#include <limits>

#include "evenkeel/kernels/normalization/batch_norm_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Moments {
  explicit Moments(std::int64_t channels)
      : mean(static_cast<std::size_t>(channels)), variance(static_cast<std::size_t>(channels)) {}
  std::vector<float> mean, variance;
};

/// Holds the moments of x, whose columns have deviation sigma, to the reference.
void check_moments(const std::vector<float>& x, Size size, double sigma, const Threads& threads) {
  const std::vector<double> exact = in_double(x);
  const auto channels = static_cast<std::size_t>(size.columns);
  std::vector<double> mean(channels), variance(channels);
  Moments actual(size.columns);
  reference::channel_moments<double>(matrix_of(exact, size), mean, variance);
  channel_moments(matrix_of(x, size), actual.mean, actual.variance, threads);
  // The contract's 1e-6 sigma (2e-6 of the variance), and the rounding of the result itself.
  EXPECT_TRUE(agrees(actual.mean, mean, {.relative = kRounding, .absolute = 1e-6 * sigma}));
  EXPECT_TRUE(agrees(actual.variance, variance, {.relative = kRounding, .absolute = 2e-6 * sigma * sigma}));
}

class BatchNormKernels : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(BatchNormKernels);

TEST_P(BatchNormKernels, MomentsAreThoseOfTheReference) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    check_moments(normal_values(size.rows * size.columns, 1, 0.5, 2), size, 2, threads);
  });
}

TEST_P(BatchNormKernels, MomentsAreExactWhereTheMeanIsTenThousandSigma) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    check_moments(normal_values(size.rows * size.columns, 2, -1e4), size, 1, threads);
  });
}

TEST_P(BatchNormKernels, MomentsAreExactWhereTheFirstRowsAreUnlikeTheRest) {
  const Size size{20000, 3};
  std::vector<float> x = normal_values(60000, 3, 5);
  std::fill_n(x.begin(), 3000, 0.0f);
  check_moments(x, size, 1, Threads(2));
}

TEST_P(BatchNormKernels, MomentsOfAConstantAreItAndZero) {
  const Size size{1000, 5};
  const std::vector<float> x(5000, 0.1f);
  Moments moments(5);
  channel_moments(matrix_of(x, size), moments.mean, moments.variance, Threads(1));
  EXPECT_TRUE(agrees(moments.mean, std::vector<double>(5, double{0.1f}), {.relative = kRounding}));
  EXPECT_TRUE(agrees(moments.variance, std::vector<double>(5, 0.0), {.absolute = 1e-16}));
}

TEST_P(BatchNormKernels, MomentsMakeNaNOfAColumnWithNaNAndOfNoOther) {
  for (const std::int64_t columns : {3, 17, 4099}) {
    const Size size{70, columns};
    std::vector<float> x = normal_values(70 * columns, 4);
    x[static_cast<std::size_t>(65 * columns + 2)] = kNaN;
    Moments moments(columns);
    channel_moments(matrix_of(x, size), moments.mean, moments.variance, Threads(2));
    for (std::size_t c = 0; c < moments.mean.size(); ++c) {
      EXPECT_EQ(std::isnan(moments.mean[c]), c == 2) << c;
      EXPECT_EQ(std::isnan(moments.variance[c]), c == 2) << c;
    }
  }
}

TEST_P(BatchNormKernels, MomentsNeedNoAlignment) {
  const std::vector<float> x = normal_values(30 * 1000 + 1, 5);
  check_moments({x.begin() + 1, x.end()}, {1000, 30}, 1, Threads(1));
  Moments aligned(30), unaligned(30);
  const std::vector<float> copy(x.begin() + 1, x.end());
  channel_moments({x.data() + 1, 1000, 30}, unaligned.mean, unaligned.variance, Threads(1));
  channel_moments({copy.data(), 1000, 30}, aligned.mean, aligned.variance, Threads(1));
  EXPECT_EQ(unaligned.mean, aligned.mean);
  EXPECT_EQ(unaligned.variance, aligned.variance);
}

TEST_P(BatchNormKernels, MomentsAreTheSameTwice) {
  const std::vector<float> x = normal_values(76 * 5000, 6);
  Moments once(76), twice(76);
  channel_moments({x.data(), 5000, 76}, once.mean, once.variance, Threads(3));
  channel_moments({x.data(), 5000, 76}, twice.mean, twice.variance, Threads(3));
  EXPECT_EQ(once.mean, twice.mean);
  EXPECT_EQ(once.variance, twice.variance);
}

TEST_P(BatchNormKernels, SumsAreThoseOfTheReference) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 7);
    const std::vector<double> exact = in_double(x);
    std::vector<float> sums(static_cast<std::size_t>(size.columns));
    std::vector<double> expected(sums.size());
    channel_sums(matrix_of(x, size), sums, threads);
    reference::channel_sums<double>(matrix_of(exact, size), expected);
    // 64 terms of about 1 are summed in fp32: sums of up to 32, a few of whose roundings stay per block.
    EXPECT_TRUE(agrees(sums, expected, {.relative = kRounding, .absolute = 5e-7 * static_cast<double>(size.rows)}));
  });
}

TEST_P(BatchNormKernels, ProductsAreThoseOfTheReference) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> a = normal_values(size.rows * size.columns, 8);
    const std::vector<float> b = normal_values(size.rows * size.columns, 9);
    const std::vector<double> exact_a = in_double(a), exact_b = in_double(b);
    std::vector<float> sums(static_cast<std::size_t>(size.columns));
    std::vector<double> expected(sums.size());
    channel_products(matrix_of(a, size), matrix_of(b, size), sums, threads);
    reference::channel_products<double>(matrix_of(exact_a, size), matrix_of(exact_b, size), expected);
    EXPECT_TRUE(agrees(sums, expected, {.relative = kRounding, .absolute = 1e-6 * static_cast<double>(size.rows)}));
  });
}

TEST_P(BatchNormKernels, ScaleShiftIsThatOfTheReferenceWithEveryActivation) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    const std::vector<float> x = normal_values(size.rows * size.columns, 10);
    const std::vector<float> scale = normal_values(size.columns, 11), shift = normal_values(size.columns, 12);
    const std::vector<double> exact = in_double(x), exact_scale = in_double(scale), exact_shift = in_double(shift);
    std::vector<float> y(x.size());
    std::vector<double> expected(x.size());
    for (const Activation f : kMonotone) {
      SCOPED_TRACE(name_of(f));
      scale_shift(matrix_of(x, size), scale, shift, f, matrix_of(y, size), threads);
      reference::scale_shift<double>(matrix_of(exact, size), exact_scale, exact_shift, f, matrix_of(expected, size));
      // z sums two terms of at most 20, rounded once or twice; no activation is steeper than 1.76. Then its own 4 ulp.
      EXPECT_TRUE(agrees(y, expected, {.relative = 4 * FLT_EPSILON, .absolute = 53 * kRounding}));
    }
  });
}

TEST_P(BatchNormKernels, ScaleShiftWorksInPlace) {
  const Size size{1000, 30};
  std::vector<float> x = normal_values(30000, 13), y(x.size());
  const std::vector<float> scale = normal_values(30, 14), shift = normal_values(30, 15);
  scale_shift(matrix_of(x, size), scale, shift, Activation::elu, matrix_of(y, size), Threads(2));
  scale_shift(matrix_of(x, size), scale, shift, Activation::elu, matrix_of(x, size), Threads(2));
  EXPECT_EQ(x, y);
}

/// The arguments of the backward kernels.
struct Backward {
  Backward(Size size_, Activation f) : size(size_) {
    y = normal_values(size.rows * size.columns, 16);
    activate(f, y, y, Threads(1));
    x = normal_values(size.rows * size.columns, 17, 3);
    dy = normal_values(size.rows * size.columns, 18);
    mean = normal_values(size.columns, 19, 3, 0.1);
    inv_std = normal_values(size.columns, 20, 1, 0.1);
    a = normal_values(size.columns, 21);
    b = normal_values(size.columns, 22, 0, 0.1);
    c0 = normal_values(size.columns, 23, 0, 0.1);
  }

  Size size;
  std::vector<float> x, y, dy, mean, inv_std, a, b, c0;
};

/// Calls body(arguments, f) for each size and activation.
template <class Body>
void for_backward_arguments(Body body) {
  for (const Size& size : sizes())
    for (const Activation f : kMonotone) {
      SCOPED_TRACE(testing::Message() << testing::PrintToString(size) << " " << name_of(f));
      body(Backward(size, f), f);
    }
}

TEST_P(BatchNormKernels, BackwardSumsAreThoseOfTheReferenceWithEveryActivation) {
  for_backward_arguments([](const Backward& in, Activation f) {
    const std::vector<double> x = in_double(in.x), y = in_double(in.y), dy = in_double(in.dy);
    std::vector<double> expected_dgamma(in.mean.size()), expected_dbeta(in.mean.size());
    reference::batch_norm_sums<double>(matrix_of(x, in.size), matrix_of(y, in.size), matrix_of(dy, in.size),
                                       in_double(in.mean), in_double(in.inv_std), f, expected_dgamma, expected_dbeta);
    for_threads([&](const Threads& threads) {
      std::vector<float> dgamma(in.mean.size()), dbeta(in.mean.size());
      batch_norm_sums(matrix_of(in.x, in.size), matrix_of(in.y, in.size), matrix_of(in.dy, in.size), in.mean,
                      in.inv_std, f, dgamma, dbeta, threads);
      const Tolerance tolerance{.relative = kRounding, .absolute = 1e-6 * static_cast<double>(in.size.rows)};
      EXPECT_TRUE(agrees(dbeta, expected_dbeta, tolerance));
      EXPECT_TRUE(agrees(dgamma, expected_dgamma, tolerance));
    });
  });
}

TEST_P(BatchNormKernels, DataGradientIsThatOfTheReferenceWithEveryActivationInPlaceOfDy) {
  for_backward_arguments([](const Backward& in, Activation f) {
    const std::vector<double> x = in_double(in.x), y = in_double(in.y), dy = in_double(in.dy);
    std::vector<double> expected(dy.size());
    reference::batch_norm_data_gradient<double>(matrix_of(x, in.size), matrix_of(y, in.size), matrix_of(dy, in.size),
                                                in_double(in.mean), in_double(in.a), in_double(in.b), in_double(in.c0),
                                                f, matrix_of(expected, in.size));
    for_threads([&](const Threads& threads) {
      std::vector<float> dx = in.dy;
      batch_norm_data_gradient(matrix_of(in.x, in.size), matrix_of(in.y, in.size), matrix_of(dx, in.size), in.mean,
                               in.a, in.b, in.c0, f, matrix_of(dx, in.size), threads);
      // Terms of at most 20 cancel.
      EXPECT_TRUE(agrees(dx, expected, {.relative = 4 * kRounding, .absolute = 40 * kRounding}));
    });
  });
}

TEST_P(BatchNormKernels, BackwardFindsTheInputOfAnActivationThatIsNotMonotoneAgain) {
  for (const Size& size : sizes())
    for (const Activation f : kGated) {
      SCOPED_TRACE(testing::Message() << testing::PrintToString(size) << " " << name_of(f));
      const Backward in(size, f);
      const std::vector<float> scale = normal_values(size.columns, 24), shift = normal_values(size.columns, 25);
      const std::vector<double> x = in_double(in.x), dy = in_double(in.dy), wide_scale = in_double(scale),
                                wide_shift = in_double(shift);
      const Matrix<const double> no_y{nullptr, size.rows, size.columns};
      const Matrix<const float> nothing{nullptr, size.rows, size.columns};
      std::vector<double> expected_dgamma(in.mean.size()), expected_dbeta(in.mean.size()), expected(dy.size());
      reference::batch_norm_sums<double>(matrix_of(x, size), no_y, matrix_of(dy, size), in_double(in.mean),
                                         in_double(in.inv_std), f, expected_dgamma, expected_dbeta,
                                         {wide_scale, wide_shift});
      reference::batch_norm_data_gradient<double>(matrix_of(x, size), no_y, matrix_of(dy, size), in_double(in.mean),
                                                  in_double(in.a), in_double(in.b), in_double(in.c0), f,
                                                  matrix_of(expected, size), {wide_scale, wide_shift});
      for_threads([&](const Threads& threads) {
        std::vector<float> dgamma(in.mean.size()), dbeta(in.mean.size()), dx = in.dy;
        batch_norm_sums(matrix_of(in.x, size), nothing, matrix_of(in.dy, size), in.mean, in.inv_std, f, dgamma, dbeta,
                        threads, {}, {scale, shift});
        batch_norm_data_gradient(matrix_of(in.x, size), nothing, matrix_of(dx, size), in.mean, in.a, in.b, in.c0, f,
                                 matrix_of(dx, size), threads, {}, {scale, shift});
        // z is of at most 20, and a slope changes by at most about 1 with it: some roundings of 20 times dy.
        const Tolerance tolerance{.relative = kRounding, .absolute = 4e-6 * static_cast<double>(size.rows)};
        EXPECT_TRUE(agrees(dbeta, expected_dbeta, tolerance));
        EXPECT_TRUE(agrees(dgamma, expected_dgamma, tolerance));
        EXPECT_TRUE(agrees(dx, expected, {.relative = 4 * kRounding, .absolute = 400 * kRounding}));
      });
    }
}

TEST_P(BatchNormKernels, BackwardDoesNotReadYOfALinearLayer) {
  const Size size{63, 30};
  const Backward in(size, Activation::linear);
  std::vector<float> dgamma(30), dbeta(30), dx(in.x.size());
  const Matrix<const float> none{nullptr, size.rows, size.columns};
  batch_norm_sums(matrix_of(in.x, size), none, matrix_of(in.dy, size), in.mean, in.inv_std, Activation::linear, dgamma,
                  dbeta, Threads(1));
  batch_norm_data_gradient(matrix_of(in.x, size), none, matrix_of(in.dy, size), in.mean, in.a, in.b, in.c0,
                           Activation::linear, matrix_of(dx, size), Threads(1));
  std::vector<double> expected(30);
  reference::channel_sums<double>({in_double(in.dy).data(), size.rows, size.columns}, expected);
  EXPECT_TRUE(agrees(dbeta, expected, {.relative = kRounding, .absolute = 1e-6 * 63}));
}

}  // namespace
}  // namespace evenkeel::kernels
