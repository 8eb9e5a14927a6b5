// Cost: reads 4 bytes per element.

#include "evenkeel/kernels/probe/extremes.h"

#include <cmath>
#include <limits>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/probe/extremes_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/columns-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <class T>
void accumulate_extremes(InRows<T> x, double count, std::span<double> smallest, std::span<double> largest,
                         const Threads& threads, Scratch& scratch) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto is_below = [](auto a, auto b) { return a < b || std::isnan(a); };
  const float* found =
      Columns(x.rows, x.columns)
          .fold<2>(
              threads, scratch, {kInfinity, -kInfinity},
              [=](auto lanes, std::int64_t i, Vec* extremes) EVENKEEL_LOOP_BODY {
                const Vec v = lanes.load(x.data + i);
                // A comparison with NaN is false. So NaN is taken in without a test, and stays.
                const auto nan = hn::IsNaN(v);
                const Vec low = hn::IfThenElse(hn::Or(hn::Lt(v, extremes[0]), nan), v, extremes[0]);
                const Vec high = hn::IfThenElse(hn::Or(hn::Gt(v, extremes[1]), nan), v, extremes[1]);
                extremes[0] = lanes.keep(low, extremes[0]);
                extremes[1] = lanes.keep(high, extremes[1]);
              },
              [=](std::int64_t k, float a, float b) { return (k == 0 ? is_below(b, a) : is_below(-b, -a)) ? b : a; });
  for (std::int64_t c = 0; c < x.columns; ++c) {
    const double low{found[c]}, high{found[x.columns + c]};
    if (count == 0 || is_below(low, smallest[c])) smallest[c] = low;
    if (count == 0 || is_below(-high, -largest[c])) largest[c] = high;
  }
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

template <class T>
void accumulate_extremes(InRows<T> x, double count, std::span<double> smallest, std::span<double> largest,
                         const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(accumulate_extremes<T>)(x, count, smallest, largest, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(accumulate_extremes);

}  // namespace evenkeel::kernels
#endif
