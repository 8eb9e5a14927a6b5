#include "evenkeel/kernels/machine/machine_limits.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <vector>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/machine/fma_peak.cpp"
#include "hwy/foreach_target.h"  // before any other header of Highway: a block of its own

#include "evenkeel/kernels/simd/dispatch.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Runs `rounds` times 12 independent multiply-adds, enough to hide the latency of one on two ports; returns the
/// operations done. `first`: 12 numbers that the compiler must not know, or it would see chains that are alike, and
/// run one of them. The sum keeps them from being dropped.
double run_fma(long rounds, const float* first, float& sum) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const V a = hn::Set(d, 0.999f), b = hn::Set(d, 0.001f);
  const auto start = [&](int i) HWY_ATTR { return hn::Set(d, first[i]); };
  V x0 = start(0), x1 = start(1), x2 = start(2), x3 = start(3), x4 = start(4), x5 = start(5);
  V x6 = start(6), x7 = start(7), x8 = start(8), x9 = start(9), xa = start(10), xb = start(11);
  for (long i = 0; i < rounds; ++i) {
    x0 = hn::MulAdd(x0, a, b), x1 = hn::MulAdd(x1, a, b), x2 = hn::MulAdd(x2, a, b), x3 = hn::MulAdd(x3, a, b);
    x4 = hn::MulAdd(x4, a, b), x5 = hn::MulAdd(x5, a, b), x6 = hn::MulAdd(x6, a, b), x7 = hn::MulAdd(x7, a, b);
    x8 = hn::MulAdd(x8, a, b), x9 = hn::MulAdd(x9, a, b), xa = hn::MulAdd(xa, a, b), xb = hn::MulAdd(xb, a, b);
  }
  const V all = hn::Add(hn::Add(hn::Add(x0, x1), hn::Add(x2, x3)), hn::Add(hn::Add(x4, x5), hn::Add(x6, x7)));
  sum += hn::GetLane(hn::SumOfLanes(d, hn::Add(all, hn::Add(hn::Add(x8, x9), hn::Add(xa, xb)))));
  return static_cast<double>(rounds) * 12.0 * 2.0 * static_cast<double>(hn::Lanes(d));
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace evenkeel::kernels {

double fma_gflops(const Threads& threads) {
  double best = 0;
  std::vector<float> first(12);
  std::iota(first.begin(), first.end(), 1.0f);
  const auto run = EVENKEEL_DISPATCH(run_fma);
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::vector<double> operations(static_cast<std::size_t>(threads.count()), 0.0);
    std::vector<float> sums(operations.size(), 0.0f);
    const auto start = std::chrono::steady_clock::now();
    threads.parallel(threads.count(), 1, [&](std::int64_t, std::int64_t, int t) {
      const auto i = static_cast<std::size_t>(t);
      operations[i] = run(20'000'000, first.data(), sums[i]);
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    double total = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) total += operations[i] + 0.0 * static_cast<double>(sums[i]);
    best = std::max(best, total / seconds / 1e9);
  }
  return best;
}

}  // namespace evenkeel::kernels

#endif  // HWY_ONCE
