// Cost: reads 4 and writes 4 bytes per element; the ten rounds of Philox take about as long as the memory does.

#include "evenkeel/kernels/dropout.h"

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/simd/dropout.cpp"
#include "hwy/foreach_target.h"

// Behind foreach_target.h, which makes them once for each target.
#include "evenkeel/kernels/simd/philox-inl.h"
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <class T>
void dropout(In<T> x, float rate, const RandomKey& key, Out<T> y, const Threads& threads) {
  const Vec scale = hn::Set(kTag, static_cast<float>(1 / (1 - double{rate})));
  const Bits threshold = hn::Set(BitsTag(), dropout_threshold(rate));
  const Philox philox(key);
  for_elements(x.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    const auto dropped = hn::RebindMask(kTag, hn::Lt(philox(i), threshold));
    lanes.store(hn::IfThenZeroElse(dropped, hn::Mul(lanes.load(x.data() + i), scale)), y.data() + i);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

template <class T>
void dropout(In<T> x, float rate, const RandomKey& key, Out<T> y, const Threads& threads) {
  EVENKEEL_DISPATCH(dropout<T>)(x, rate, key, y, threads);
}
EVENKEEL_FOR_ELEMENTS(dropout);

}  // namespace evenkeel::kernels
#endif
