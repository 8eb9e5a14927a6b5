#include "evenkeel/kernels/optimizer/optimizers.h"

#include <limits>

#include "evenkeel/kernels/optimizer/optimizers_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr std::int64_t kSizes[] = {1, 15, 16, 17, 1000, 50001};

/// None, and each and all of what an update can do on the way.
const Adjustment kAdjustments[] = {{},
                                   {.gradient_scale = 0.25},
                                   {.clip_value = 0.5},
                                   {.decay = 0.125},
                                   {.gradient_scale = 0.5, .clip_value = 0.75, .decay = 0.0625}};

class Optimizers : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Optimizers);

TEST_P(Optimizers, SgdIsThatOfTheReference) {
  for (const std::int64_t n : kSizes)
    for (const int threads : {1, 2, 3})
      for (const float momentum : {0.0f, 0.9f})
        for (const bool nesterov : {false, true})
          for (const Adjustment& adjustment : kAdjustments) {
            SCOPED_TRACE(testing::Message() << n << " on " << threads << ", momentum " << momentum << nesterov
                                            << ", adjustment " << &adjustment - kAdjustments);
            std::vector<float> p = normal_values(n, 1), v = normal_values(n, 2);
            const std::vector<float> g = normal_values(n, 3);
            std::vector<double> exact_p = in_double(p), exact_v = in_double(v);
            sgd(p, g, v, 0.1f, momentum, nesterov, adjustment, Threads(threads));
            reference::sgd<double>(exact_p, in_double(g), exact_v, double{0.1f}, double{momentum}, nesterov,
                                   adjustment);
            // Sums of terms of at most 5, each rounded.
            EXPECT_TRUE(agrees(p, exact_p, {.relative = kRounding, .absolute = 15 * kRounding}));
            EXPECT_TRUE(agrees(v, exact_v, {.relative = kRounding, .absolute = 8 * kRounding}));
          }
}

TEST_P(Optimizers, SgdWithoutMomentumNeedsNoVelocity) {
  std::vector<float> p{1, 2};
  const std::vector<float> g{8, -8};
  sgd(p, g, {}, 0.125f, 0, false, {}, Threads(1));
  EXPECT_EQ(p, (std::vector<float>{0, 3}));
}

TEST_P(Optimizers, AdamIsThatOfTheReference) {
  for (const std::int64_t n : kSizes)
    for (const int threads : {1, 2, 3})
      for (const Adjustment& adjustment : kAdjustments) {
        SCOPED_TRACE(testing::Message() << n << " on " << threads << ", adjustment " << &adjustment - kAdjustments);
        std::vector<float> p = normal_values(n, 4), m = normal_values(n, 5), v = normal_values(n, 6);
        for (float& value : v) value *= value;
        const std::vector<float> g = normal_values(n, 7);
        std::vector<double> exact_p = in_double(p), exact_m = in_double(m), exact_v = in_double(v);
        adam(p, g, m, v, 1e-3f, 0.9f, 0.999f, 1e-7f, adjustment, Threads(threads));
        reference::adam<double>(exact_p, in_double(g), exact_m, exact_v, double{1e-3f}, double{0.9f}, double{0.999f},
                                double{1e-7f}, adjustment);
        EXPECT_TRUE(agrees(m, exact_m, {.relative = kRounding, .absolute = 4 * kRounding}));
        // g * g - v is one rounding of at most 25, of which a thousandth counts.
        EXPECT_TRUE(agrees(v, exact_v, {.relative = 2 * kRounding, .absolute = kRounding}));
        // The rounding of p, decayed p and the step (at most 1e-3 * 5 / sqrt(1e-3 * g^2)) to five or so roundings.
        EXPECT_TRUE(agrees(p, exact_p, {.relative = 2 * kRounding, .absolute = 4 * kRounding}));
      }
}

TEST_P(Optimizers, LimitEachElementToTheClipValueButKeepNaN) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> p(5);
  sgd(p, std::vector<float>{3, -3, 0.5f, kInfinity, kNaN}, {}, 1, 0, false, {.clip_value = 2}, Threads(1));
  EXPECT_EQ(std::vector<float>(p.begin(), p.begin() + 4), (std::vector<float>{-2, 2, -0.5f, -2}));
  EXPECT_TRUE(std::isnan(p[4]));
}

TEST_P(Optimizers, MovingAverageIsThatOfTheReference) {
  for (const std::int64_t n : kSizes)
    for_threads([&](const Threads& threads) {
      SCOPED_TRACE(n);
      std::vector<float> average = normal_values(n, 9);
      const std::vector<float> x = normal_values(n, 10);
      std::vector<double> exact = in_double(average);
      moving_average(x, 0.001f, average, threads);
      reference::moving_average<double>(in_double(x), double{0.001f}, exact);
      // The rounding of the difference, at most 10, counts a thousandth.
      EXPECT_TRUE(agrees(average, exact, {.relative = kRounding, .absolute = 0.01 * kRounding}));
    });
}

TEST_P(Optimizers, SquaredNormIsThatOfTheReference) {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{17}, std::int64_t{1000},
                               std::int64_t{50001}, std::int64_t{553850}})
    for_threads([&](const Threads& threads) {
      SCOPED_TRACE(n);
      const std::vector<float> x = normal_values(n, 11);
      const double exact = reference::squared_norm<double>(in_double(x));
      EXPECT_NEAR(squared_norm(x, threads), exact, 4e-6 * exact);
      EXPECT_EQ(squared_norm(x, threads), squared_norm(x, threads));
    });
}

TEST_P(Optimizers, SquaredNormSeesEveryElement) {
  for (std::size_t i = 0; i < 70; ++i) {
    std::vector<float> x(70);
    x[i] = 3;
    EXPECT_EQ(squared_norm(x, Threads(1)), 9) << i;
  }
}

TEST_P(Optimizers, AdamStepsAreToFivePartsInTenMillion) {
  // From 0, so that the parameter is the step itself and its relative error is seen.
  std::vector<float> p(1000), m(1000), v(1000);
  const std::vector<float> g = normal_values(1000, 8);
  std::vector<double> exact_p(1000), exact_m(1000), exact_v(1000);
  adam(p, g, m, v, 1e-3f, 0.9f, 0.999f, 1e-7f, {}, Threads(1));
  reference::adam<double>(exact_p, in_double(g), exact_m, exact_v, double{1e-3f}, double{0.9f}, double{0.999f},
                          double{1e-7f}, {});
  EXPECT_TRUE(agrees(p, exact_p, {.relative = 5e-7}));
}

TEST_P(Optimizers, AdamWithoutGradientsStaysWhereItIs) {
  std::vector<float> p{1, 2, 3}, m(3), v(3);
  adam(p, std::vector<float>(3), m, v, 1e-3f, 0.9f, 0.999f, 1e-7f, {}, Threads(1));
  EXPECT_EQ(p, (std::vector<float>{1, 2, 3}));
}

}  // namespace
}  // namespace evenkeel::kernels
