#include "evenkeel/kernels/normalization/batch_norm_pool.h"

#include <cfloat>
#include <limits>

#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/normalization/batch_norm_pool_reference.h"
#include "evenkeel/kernels/normalization/batch_norm_reference.h"
#include "evenkeel/kernels/pooling/pooling.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Windows of kh x kw side by side over images of h x w: ragged ones at the end (`same` where it pads one side only),
/// at both ends, or left out (`valid`).
Window tiled(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t kh, std::int64_t kw,
             bool same) {
  const auto out = [&](std::int64_t size, std::int64_t kernel) {
    return same ? (size + kernel - 1) / kernel : size / kernel;
  };
  const auto pad = [&](std::int64_t size, std::int64_t kernel) {
    return same ? (out(size, kernel) * kernel - size) / 2 : 0;
  };
  return {.n = n,
          .h = h,
          .w = w,
          .c = c,
          .kernel_h = kh,
          .kernel_w = kw,
          .stride_h = kh,
          .stride_w = kw,
          .pad_top = pad(h, kh),
          .pad_left = pad(w, kw),
          .oh = out(h, kh),
          .ow = out(w, kw)};
}

std::vector<Window> windows() {
  std::vector<Window> all;
  for (const std::int64_t c : {1, 3, 4, 16, 30, 76}) {
    all.push_back(tiled(3, 8, 6, c, 2, 2, false));
    all.push_back(tiled(1, 7, 9, c, 2, 2, true));
    all.push_back(tiled(2, 7, 9, c, 2, 2, false));
    all.push_back(tiled(2, 10, 7, c, 3, 3, true));
    all.push_back(tiled(1, 7, 7, c, 7, 7, false));
  }
  for (const auto& [pad_top, pad_left] : {std::pair(1, 0), std::pair(0, 1), std::pair(1, 1)}) {
    Window at = tiled(2, 7, 7, 5, 2, 2, true);  // padding in numbers, at the start
    at.pad_top = pad_top;
    at.pad_left = pad_left;
    all.push_back(at);
  }
  all.push_back(tiled(2, 9, 8, 17, 3, 2, false));
  all.push_back(tiled(2, 4, 5, 3, 4, 4, true));
  all.push_back(tiled(6, 33, 40, 16, 2, 2, true));
  all.push_back(tiled(2, 3, 300, 5, 2, 2, true));
  return all;
}

/// What the kernels read. x are multiples of 1/64, so that windows have equal elements but no two whose z differ by a
/// rounding only; scales are positive, negative and zero.
struct Case {
  explicit Case(const Window& w) : window(w) {
    const std::int64_t pixels = w.n * w.h * w.w, pooled = w.n * w.oh * w.ow;
    x = normal_values(pixels * w.c, 1);
    for (float& value : x) value = std::clamp(std::round(value * 64) / 64, -4.0f, 4.0f);
    scale = normal_values(w.c, 2);
    for (std::size_t c = 0; c < scale.size(); ++c) scale[c] = c % 5 == 2 ? 0 : scale[c] + std::copysign(0.1f, scale[c]);
    if (scale.size() > 1) scale[1] = -std::abs(scale[1]);
    shift = normal_values(w.c, 3);
    mean = normal_values(w.c, 4, 0.5, 0.1);
    inv_std = normal_values(w.c, 5, 1, 0.1);
    a = normal_values(w.c, 6);
    b = normal_values(w.c, 7, 0, 0.1);
    c0 = normal_values(w.c, 8, 0, 0.1);
    dy = normal_values(pooled * w.c, 9);
    y.resize(dy.size());
  }

  PooledNormalization<float> with(Activation f) const { return {window, f, scale, shift}; }

  /// Finds y with f and calls body(the same in double).
  template <class Body>
  void in_double(Activation f, Body body) {
    SCOPED_TRACE(name_of(f));
    batch_norm_pool(with(f), x, y, Threads(1));
    const std::vector<double> exact_scale = kernels::in_double(scale), exact_shift = kernels::in_double(shift);
    body(PooledNormalization<double>{window, f, exact_scale, exact_shift});
  }

  Window window;
  std::vector<float> x, scale, shift, mean, inv_std, a, b, c0, dy, y;
};

template <class Body>
void for_cases(Body body) {
  for (const Window& window : windows()) {
    SCOPED_TRACE(testing::Message() << window.n << "x" << window.h << "x" << window.w << "x" << window.c << ", windows "
                                    << window.kernel_h << "x" << window.kernel_w << ", " << window.oh << "x"
                                    << window.ow << " of them");
    Case in(window);
    body(in);
  }
}

class BatchNormPoolKernels : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(BatchNormPoolKernels);

TEST_P(BatchNormPoolKernels, ForwardIsThatOfTheReferenceWithEveryActivation) {
  for_cases([](Case& in) {
    for (const Activation f : kMonotone)
      in.in_double(f, [&](const PooledNormalization<double>& exact) {
        std::vector<double> expected(in.y.size());
        reference::batch_norm_pool<double>(exact, in_double(in.x), expected);
        for_threads([&](const Threads& threads) {
          std::vector<float> y(in.y.size(), kNaN);
          batch_norm_pool(in.with(f), in.x, y, threads);
          // As scale_shift: z sums two terms of at most 20; no activation is steeper than 1. Then its own 4 ulp.
          EXPECT_TRUE(agrees(y, expected, {.relative = 4 * FLT_EPSILON, .absolute = 30 * kRounding}));
        });
      });
  });
}

TEST_P(BatchNormPoolKernels, ForwardHasTheBitsOfSeparateKernels) {
  for_cases([](Case& in) {
    for (const Activation f : {Activation::linear, Activation::relu, Activation::leaky_relu}) {
      const Size size{in.window.n * in.window.h * in.window.w, in.window.c};
      std::vector<float> normalized(in.x.size()), expected(in.y.size());
      scale_shift(matrix_of(in.x, size), in.scale, in.shift, f, matrix_of(normalized, size), Threads(1));
      max_pool(in.window, normalized, expected, Threads(1));
      batch_norm_pool(in.with(f), in.x, in.y, Threads(1));
      EXPECT_EQ(in.y, expected) << name_of(f);
    }
  });
}

TEST_P(BatchNormPoolKernels, ForwardOfAWindowWithNaNIsNaN) {
  for (const std::int64_t place : {0, 1, 6, 7}) {  // each of the four of the first window, in channel 16
    Case in(tiled(1, 6, 6, 17, 2, 2, false));
    in.x[static_cast<std::size_t>(place * 17 + 16)] = kNaN;
    for (const Activation f : kMonotone) {
      batch_norm_pool(in.with(f), in.x, in.y, Threads(1));
      for (std::size_t i = 0; i < in.y.size(); ++i) EXPECT_EQ(std::isnan(in.y[i]), i == 16) << name_of(f) << ' ' << i;
    }
  }
}

TEST_P(BatchNormPoolKernels, SumsAreThoseOfTheReferenceWithEveryActivation) {
  for_cases([](Case& in) {
    for (const Activation f : kMonotone)
      in.in_double(f, [&](const PooledNormalization<double>& exact) {
        std::vector<double> expected_dgamma(in.scale.size()), expected_dbeta(in.scale.size());
        reference::batch_norm_pool_sums<double>(exact, in_double(in.x), in_double(in.y), in_double(in.dy),
                                                in_double(in.mean), in_double(in.inv_std), expected_dgamma,
                                                expected_dbeta);
        for_threads([&](const Threads& threads) {
          std::vector<float> dgamma(in.scale.size()), dbeta(in.scale.size());
          batch_norm_pool_sums(in.with(f), in.x, in.y, in.dy, in.mean, in.inv_std, dgamma, dbeta, threads);
          // 64 terms of a few units are summed in fp32: as batch_norm_sums, whose x are as far from their mean.
          const auto rows = static_cast<double>(in.dy.size() / in.scale.size());
          const Tolerance tolerance{.relative = kRounding, .absolute = 2e-6 * rows};
          EXPECT_TRUE(agrees(dbeta, expected_dbeta, tolerance));
          EXPECT_TRUE(agrees(dgamma, expected_dgamma, tolerance));
        });
      });
  });
}

TEST_P(BatchNormPoolKernels, DataGradientIsThatOfTheReferenceWithEveryActivationInPlaceOfX) {
  for_cases([](Case& in) {
    for (const Activation f : kMonotone)
      in.in_double(f, [&](const PooledNormalization<double>& exact) {
        std::vector<double> expected(in.x.size());
        reference::batch_norm_pool_data_gradient<double>(exact, in_double(in.x), in_double(in.y), in_double(in.dy),
                                                         in_double(in.mean), in_double(in.a), in_double(in.b),
                                                         in_double(in.c0), expected);
        for_threads([&](const Threads& threads) {
          std::vector<float> dx = in.x;
          batch_norm_pool_data_gradient(in.with(f), dx, in.y, in.dy, in.mean, in.a, in.b, in.c0, dx, threads);
          // Terms of at most 20 cancel.
          EXPECT_TRUE(agrees(dx, expected, {.relative = 4 * kRounding, .absolute = 40 * kRounding}));
        });
      });
  });
}

TEST_P(BatchNormPoolKernels, BackwardDoesNotReadYOfALinearLayer) {
  Case in(tiled(2, 6, 6, 30, 2, 2, false));
  std::vector<float> dgamma(30), dbeta(30), with_y(30), dx(in.x.size()), dx_with_y(in.x.size());
  const auto of = in.with(Activation::linear);
  batch_norm_pool(of, in.x, in.y, Threads(1));
  batch_norm_pool_sums(of, in.x, {}, in.dy, in.mean, in.inv_std, dgamma, dbeta, Threads(1));
  batch_norm_pool_sums(of, in.x, in.y, in.dy, in.mean, in.inv_std, with_y, dbeta, Threads(1));
  EXPECT_EQ(dgamma, with_y);
  batch_norm_pool_data_gradient(of, in.x, {}, in.dy, in.mean, in.a, in.b, in.c0, dx, Threads(1));
  batch_norm_pool_data_gradient(of, in.x, in.y, in.dy, in.mean, in.a, in.b, in.c0, dx_with_y, Threads(1));
  EXPECT_EQ(dx, dx_with_y);
}

TEST_P(BatchNormPoolKernels, NormalizeXWhoseMeanIsTenThousandDeviations) {
  const Window window = tiled(5, 12, 12, 30, 2, 2, false);
  const Size size{5 * 12 * 12, 30};
  const std::vector<float> x = normal_values(size.rows * size.columns, 10, 1e4, 1);
  std::vector<float> mean(30), variance(30), scale(30), shift(30), y(x.size() / 4);
  std::vector<double> exact_mean(30), exact_variance(30), exact_scale(30), exact_shift(30), expected(y.size());
  channel_moments(matrix_of(x, size), mean, variance, Threads(2));
  const std::vector<double> exact_x = in_double(x);
  reference::channel_moments<double>(matrix_of(exact_x, size), exact_mean, exact_variance);
  for (std::size_t c = 0; c < 30; ++c) {
    scale[c] = static_cast<float>(1 / std::sqrt(double{variance[c]}));
    shift[c] = -mean[c] * scale[c];
    exact_scale[c] = 1 / std::sqrt(exact_variance[c]);
    exact_shift[c] = -exact_mean[c] * exact_scale[c];
  }
  batch_norm_pool({window, Activation::linear, scale, shift}, x, y, Threads(2));
  reference::batch_norm_pool<double>({window, Activation::linear, exact_scale, exact_shift}, exact_x, expected);
  // mean, scale, shift and (without FMA) the product are each rounded at 10^4: as coarse as x itself, whose spacing is
  // 2^-10.
  EXPECT_TRUE(agrees(y, expected, {.absolute = 5 * 1.1e4 * kRounding}));
}

}  // namespace
}  // namespace evenkeel::kernels
