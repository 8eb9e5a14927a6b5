// Cost: reads 4 and writes 4 bytes per element; the ten rounds of Philox take about as long as the memory does.

#include "evenkeel/kernels/noise/uout.h"

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/noise/uout_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/philox-inl.h"
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <class T>
void uout(In<T> x, float beta, const RandomKey& key, Out<T> y, const Threads& threads, std::int64_t first) {
  const Vec scale = hn::Set(kTag, beta * 0x1p-31f), one = hn::Set(kTag, 1.0f);
  const hn::RebindToSigned<Tag> signed_words;
  const Philox philox(key);
  for_elements(x.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    const Vec word = hn::ConvertTo(kTag, hn::BitCast(signed_words, philox(first + i)));
    lanes.store(hn::Mul(lanes.load(x.data() + i), hn::MulAdd(word, scale, one)), y.data() + i);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

template <class T>
void uout(In<T> x, float beta, const RandomKey& key, Out<T> y, const Threads& threads, std::int64_t first) {
  EVENKEEL_DISPATCH(uout<T>)(x, beta, key, y, threads, first);
}
EVENKEEL_FOR_ELEMENTS(uout);

}  // namespace evenkeel::kernels
#endif
