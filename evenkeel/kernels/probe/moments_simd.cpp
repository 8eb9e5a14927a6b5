// Cost: reads 4 bytes per element.

#include "evenkeel/kernels/probe/moments.h"

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/probe/moments_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/shifted_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <class T>
void accumulate_moments(InRows<T> x, double count, std::span<double> mean, std::span<double> m2, const Threads& threads,
                        Scratch& scratch) {
  const auto rows = static_cast<double>(x.rows);
  mean_and_m2(x, threads, scratch, [&](std::int64_t c, double mean_here, double m2_here) {
    const double apart = count == 0 ? 0 : mean_here - mean[c];
    mean[c] = mean_here - apart * count / (count + rows);
    m2[c] = m2_here + (count == 0 ? 0 : m2[c] + apart * apart * count * rows / (count + rows));
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

template <class T>
void accumulate_moments(InRows<T> x, double count, std::span<double> mean, std::span<double> m2, const Threads& threads,
                        Scratch scratch) {
  EVENKEEL_DISPATCH(accumulate_moments<T>)(x, count, mean, m2, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(accumulate_moments);

}  // namespace evenkeel::kernels
#endif
