#include "evenkeel/kernels/normalization/group_norm.h"

#include <limits>

#include "evenkeel/kernels/normalization/group_norm_reference.h"
#include "evenkeel/tensor/bfloat16.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

/// Rows alone, images with one, some and as many groups as channels, a single sample, a single element.
const std::vector<Grouping>& groupings() {
  static const std::vector<Grouping> all = [] {
    std::vector<Grouping> made;
    for (const bool centered : {true, false}) {
      for (const std::int64_t channels : {1, 3, 4, 30, 76, 1000, 5003})
        for (const std::int64_t samples : {1, 2, 129})
          made.push_back({.samples = samples, .positions = 1, .channels = channels, .centered = centered});
      for (const std::int64_t groups : {1, 2, 5, 15, 30})
        for (const std::int64_t positions : {1, 7, 35, 900})
          made.push_back(
              {.samples = 3, .positions = positions, .channels = 30, .groups = groups, .centered = centered});
      for (const std::int64_t groups : {1, 4, 19, 76})
        made.push_back({.samples = 5, .positions = 63, .channels = 76, .groups = groups, .centered = centered});
      for (const std::int64_t channels : {1, 3, 4})
        made.push_back(
            {.samples = 65, .positions = 99, .channels = channels, .groups = channels, .centered = centered});
    }
    return made;
  }();
  return all;
}

std::string text_of(const Grouping& g) {
  return testing::PrintToString(std::vector{g.samples, g.positions, g.channels, g.groups}) +
         (g.centered ? "" : " not centered");
}

/// Operands for a grouping, and what the kernels yield of them.
struct Call {
  explicit Call(const Grouping& of, double x_mean = 0.5)
      : grouping(of),
        x(normal_values(of.size(), 1, x_mean, 1)),
        dy(normal_values(of.size(), 2)),
        gamma(normal_values(of.channels, 3, 1, 0.5)),
        beta(normal_values(of.channels, 4)),
        y(x.size()),
        dx(x.size()),
        mean(static_cast<std::size_t>(of.statistics())),
        inv_std(mean.size()),
        dgamma(gamma.size()),
        dbeta(gamma.size()) {}

  void run(const Threads& threads) {
    group_norm(x, grouping, kEpsilon, gamma, beta, y, mean, inv_std, threads);
    group_norm_gradient(x, dy, grouping, gamma, mean, inv_std, dx, dgamma, dbeta, threads);
  }

  static constexpr double kEpsilon = 1e-3;
  Grouping grouping;
  std::vector<float> x, dy, gamma, beta, y, dx, mean, inv_std, dgamma, dbeta;
};

/// The same in double.
struct Exact {
  explicit Exact(const Call& c)
      : y(c.x.size()),
        dx(c.x.size()),
        mean(c.mean.size()),
        inv_std(c.mean.size()),
        dgamma(c.gamma.size()),
        dbeta(c.gamma.size()) {
    const auto x = in_double(c.x), dy = in_double(c.dy), gamma = in_double(c.gamma), beta = in_double(c.beta);
    reference::group_norm<double>(x, c.grouping, Call::kEpsilon, gamma, beta, y, mean, inv_std);
    reference::group_norm_gradient<double>(x, dy, c.grouping, gamma, mean, inv_std, dx, dgamma, dbeta);
  }
  std::vector<double> y, dx, mean, inv_std, dgamma, dbeta;
};

class GroupNormKernels : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(GroupNormKernels);

TEST_P(GroupNormKernels, AreThoseOfTheReference) {
  for (const Grouping& grouping : groupings())
    for_threads([&](const Threads& threads) {
      SCOPED_TRACE(text_of(grouping));
      Call call(grouping);
      call.run(threads);
      const Exact exact(call);
      EXPECT_TRUE(agrees(call.mean, exact.mean, {.relative = kRounding, .absolute = 1e-6}));
      // 1e-6 of a variance that is at least epsilon is 5e-7 of its root, and that is rounded. Where a group has one
      // element its distance from the mean is 0.
      EXPECT_TRUE(agrees(call.inv_std, exact.inv_std, {.relative = 2e-6}));
      const double steep = *std::ranges::max_element(exact.inv_std);
      EXPECT_TRUE(agrees(call.y, exact.y, {.relative = 4 * kRounding, .absolute = 1e-5}));
      EXPECT_TRUE(agrees(call.dx, exact.dx, {.relative = 4e-6, .absolute = 4e-6 * steep}));
      const auto rows = static_cast<double>(grouping.samples * grouping.positions);
      EXPECT_TRUE(agrees(call.dgamma, exact.dgamma, {.relative = 4e-6, .absolute = 1e-6 * rows + 1e-5}));
      EXPECT_TRUE(agrees(call.dbeta, exact.dbeta, {.relative = 4e-6, .absolute = 1e-6 * rows}));
    });
}

TEST_P(GroupNormKernels, AreExactWhereTheMeanIsTenThousandSigma) {
  for (const Grouping& grouping : groupings()) {
    if (!grouping.centered || grouping.group_size() < 10) continue;
    SCOPED_TRACE(text_of(grouping));
    Call call(grouping, 1e4);
    call.run(Threads(2));
    const Exact exact(call);
    EXPECT_TRUE(agrees(call.mean, exact.mean, {.relative = kRounding, .absolute = 1e-6}));
    EXPECT_TRUE(agrees(call.inv_std, exact.inv_std, {.relative = 4e-6}));
    // What is taken off is not the rounded mean (which is off by up to 5e-4 here).
    EXPECT_TRUE(agrees(call.y, exact.y, {.relative = 4e-6, .absolute = 2e-5}));
  }
}

TEST_P(GroupNormKernels, OfAConstantAreBeta) {
  for (const Grouping& grouping : groupings()) {
    if (!grouping.centered) continue;
    SCOPED_TRACE(text_of(grouping));
    Call call(grouping);
    std::ranges::fill(call.x, 0.1f);
    call.run(Threads(2));
    for (std::size_t i = 0; i < call.y.size(); ++i) EXPECT_NEAR(call.y[i], call.beta[i % call.beta.size()], 1e-5) << i;
  }
}

TEST_P(GroupNormKernels, WorkInPlace) {
  for (const Grouping& grouping : groupings()) {
    SCOPED_TRACE(text_of(grouping));
    Call call(grouping), in_place(grouping);
    call.run(Threads(2));
    group_norm_gradient(in_place.x, in_place.dy, grouping, call.gamma, call.mean, call.inv_std, in_place.dy,
                        in_place.dgamma, in_place.dbeta, Threads(2));
    group_norm(in_place.x, grouping, Call::kEpsilon, call.gamma, call.beta, in_place.x, in_place.mean, in_place.inv_std,
               Threads(2));
    EXPECT_EQ(in_place.x, call.y);
    EXPECT_EQ(in_place.dy, call.dx);
    EXPECT_EQ(in_place.dgamma, call.dgamma);
  }
}

TEST_P(GroupNormKernels, AreTheSameTwice) {
  for (const Grouping& grouping : groupings()) {
    SCOPED_TRACE(text_of(grouping));
    Call once(grouping), twice(grouping);
    once.run(Threads(3));
    twice.run(Threads(3));
    EXPECT_EQ(once.y, twice.y);
    EXPECT_EQ(once.dx, twice.dx);
    EXPECT_EQ(once.dgamma, twice.dgamma);
    EXPECT_EQ(once.dbeta, twice.dbeta);
  }
}

TEST_P(GroupNormKernels, YieldTheSameOfASampleOnAnyThreadCount) {
  for (const Grouping& grouping : groupings()) {
    SCOPED_TRACE(text_of(grouping));
    Call one(grouping), three(grouping);
    one.run(Threads(1));
    three.run(Threads(3));
    EXPECT_EQ(one.y, three.y);
    EXPECT_EQ(one.dx, three.dx);
  }
}

TEST_P(GroupNormKernels, MakeNaNOfAGroupWithNaNAndOfNoOther) {
  for (const Grouping& grouping : {Grouping{.samples = 3, .positions = 1, .channels = 17},
                                   Grouping{.samples = 2, .positions = 9, .channels = 30, .groups = 5}}) {
    SCOPED_TRACE(text_of(grouping));
    Call call(grouping);
    call.x[static_cast<std::size_t>(grouping.sample_size())] = std::numeric_limits<float>::quiet_NaN();
    call.run(Threads(1));
    for (std::size_t i = 0; i < call.y.size(); ++i) {
      const auto sample = static_cast<std::int64_t>(i) / grouping.sample_size();
      const auto group = static_cast<std::int64_t>(i) % grouping.channels / grouping.width();
      EXPECT_EQ(std::isnan(call.y[i]), sample == 1 && group == 0) << i;
    }
  }
}

TEST_P(GroupNormKernels, InBfloat16AreThoseOfFloatRounded) {
  for (const Grouping& grouping : groupings()) {
    SCOPED_TRACE(text_of(grouping));
    Call call(grouping);
    std::vector<bfloat16> x(call.x.begin(), call.x.end()), dy(call.dy.begin(), call.dy.end()), y(x.size()),
        dx(x.size());
    call.x.assign(x.begin(), x.end());
    call.dy.assign(dy.begin(), dy.end());
    Call narrow(grouping);
    call.run(Threads(2));
    group_norm<bfloat16>(x, grouping, Call::kEpsilon, call.gamma, call.beta, y, narrow.mean, narrow.inv_std,
                         Threads(2));
    group_norm_gradient<bfloat16>(x, dy, grouping, call.gamma, narrow.mean, narrow.inv_std, dx, narrow.dgamma,
                                  narrow.dbeta, Threads(2));
    EXPECT_EQ(narrow.mean, call.mean);
    EXPECT_EQ(narrow.inv_std, call.inv_std);
    EXPECT_EQ(narrow.dgamma, call.dgamma);
    EXPECT_EQ(narrow.dbeta, call.dbeta);
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_EQ(y[i].bits, bfloat16(call.y[i]).bits) << i;
      ASSERT_EQ(dx[i].bits, bfloat16(call.dx[i]).bits) << i;
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels
