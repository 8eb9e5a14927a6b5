// Cost: reads 4 and writes 4 bytes per element; the ten rounds of Philox take about as long as the memory does, the
// logarithms and the sine of a normal number several times as long, and one mask per channel next to nothing.

#include "evenkeel/kernels/noise/dropout.h"

#include <numbers>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/noise/dropout_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/columns-inl.h"
#include "evenkeel/kernels/simd/philox-inl.h"
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <class T>
void dropout(In<T> x, float rate, const RandomKey& key, Out<T> y, const Threads& threads, std::int64_t first) {
  const Vec scale = hn::Set(kTag, static_cast<float>(1 / (1 - double{rate})));
  const Bits threshold = hn::Set(BitsTag(), dropout_threshold(rate));
  const Philox philox(key);
  for_elements(x.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    const auto dropped = hn::RebindMask(kTag, hn::Lt(philox(first + i), threshold));
    lanes.store(hn::IfThenZeroElse(dropped, hn::Mul(lanes.load(x.data() + i), scale)), y.data() + i);
  });
}

/// Element i of a stream.
HWY_INLINE std::uint32_t word_of(const RandomKey& key, std::int64_t i) {
  return philox4x32(key.counter(static_cast<std::uint32_t>(i / 4)), key.key())[static_cast<std::size_t>(i % 4)];
}

template <class T>
void spatial_dropout(InRows<T> x, std::int64_t positions, float rate, const RandomKey& key, OutRows<T> y,
                     const Threads& threads, Scratch& scratch, std::int64_t first) {
  const std::int64_t channels = x.columns, size = positions * channels;
  const auto scale = static_cast<float>(1 / (1 - double{rate}));
  const std::uint32_t threshold = dropout_threshold(rate);
  const std::int64_t samples = x.rows / positions, grain = grain_of(size);
  ScratchOfRanges memory(scratch, spatial_dropout_range_bytes(channels), threads.ranges(samples, grain));
  threads.parallel(samples, grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    const Threads one(1);
    const Columns columns(positions, channels);
    Scratch own = memory.of(range);
    float* factors = own.take<float>(channels);
    for (std::int64_t sample = begin; sample < end; ++sample) {
      Scratch of_sample = own.rest();
      for (std::int64_t c = 0; c < channels; ++c)
        factors[c] = word_of(key, first + sample * channels + c) >= threshold ? scale : 0;
      const auto [factor] = columns.repeat<1>({factors}, of_sample);
      const T* from = x.data + sample * size;
      T* to = y.data + sample * size;
      columns.for_each(one, [=, factor = factor](auto lanes, std::int64_t i, std::int64_t j) EVENKEEL_LOOP_BODY {
        const Vec by = lanes.load(factor + j);
        const auto kept = hn::Gt(by, hn::Zero(kTag));  // multiplied by 0, a NaN would stay
        lanes.store(hn::IfThenElseZero(kept, hn::Mul(lanes.load(from + i), by)), to + i);
      });
    }
  });
}

/// Normal numbers from a stream's words, by Box and Muller: words 2k and 2k + 1 give numbers 2k and 2k + 1.
HWY_INLINE Vec normal_of(Bits words) {
  const BitsTag d;
  const hn::RebindToSigned<Tag> s;
  const auto number = [=](Bits v) HWY_ATTR { return hn::ConvertTo(kTag, hn::BitCast(s, v)); };
  const Vec unit = hn::Set(kTag, 0x1p-32f), one = hn::Set(kTag, 1.0f);
  // log(1 - u), where u is the first word. Each half of its range is computed from the end where nothing cancels.
  const Bits first = hn::DupEven(words);
  const Vec low = hn::Log1p(kTag, hn::Neg(hn::Mul(number(first), unit)));
  const Vec high = hn::Log(kTag, hn::Mul(hn::Add(number(hn::Not(first)), one), unit));
  const auto is_low = hn::RebindMask(kTag, hn::Lt(first, hn::Set(d, 0x80000000u)));
  const Vec radius = hn::Sqrt(hn::Mul(hn::IfThenElse(is_low, low, high), hn::Set(kTag, -2.0f)));
  // The second word is an angle in units of 2^-32 turns; a cosine is the sine of a quarter turn more.
  const auto is_even = hn::Eq(hn::And(hn::Iota(d, 0), hn::Set(d, 1u)), hn::Zero(d));
  const Bits angle = hn::Add(hn::DupOdd(words), hn::IfThenElseZero(is_even, hn::Set(d, 0x40000000u)));
  constexpr double kTurn = 2 * std::numbers::pi;
  return hn::Mul(radius, hn::Sin(kTag, hn::Mul(number(angle), hn::Set(kTag, static_cast<float>(kTurn * 0x1p-32)))));
}

template <class T>
void gaussian_dropout(In<T> x, float deviation, const RandomKey& key, Out<T> y, const Threads& threads,
                      std::int64_t first) {
  const Vec scale = hn::Set(kTag, deviation), one = hn::Set(kTag, 1.0f);
  const Philox philox(key);
  for_elements(x.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    const Vec factor = hn::MulAdd(normal_of(philox(first + i)), scale, one);
    lanes.store(hn::Mul(lanes.load(x.data() + i), factor), y.data() + i);
  });
}

template <class T>
void affine_dropout(In<T> x, float rate, const KeptAndDropped& outcome, const RandomKey& key, Out<T> y,
                    const Threads& threads, std::int64_t first) {
  const Vec scale = hn::Set(kTag, outcome.scale), offset = hn::Set(kTag, outcome.offset);
  const Vec otherwise = hn::Set(kTag, outcome.dropped);
  const Bits threshold = hn::Set(BitsTag(), dropout_threshold(rate));
  const Philox philox(key);
  for_elements(x.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    const auto dropped = hn::RebindMask(kTag, hn::Lt(philox(first + i), threshold));
    const Vec kept = hn::MulAdd(lanes.load(x.data() + i), scale, offset);
    lanes.store(hn::IfThenElse(dropped, otherwise, kept), y.data() + i);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

std::size_t spatial_dropout_range_bytes(std::int64_t channels) {
  return scratch_of<float>(channels) + repeat_bytes(1, channels);
}

template <class T>
void dropout(In<T> x, float rate, const RandomKey& key, Out<T> y, const Threads& threads, std::int64_t first) {
  EVENKEEL_DISPATCH(dropout<T>)(x, rate, key, y, threads, first);
}
EVENKEEL_FOR_ELEMENTS(dropout);

template <class T>
void spatial_dropout(InRows<T> x, std::int64_t positions, float rate, const RandomKey& key, OutRows<T> y,
                     const Threads& threads, Scratch scratch, std::int64_t first) {
  EVENKEEL_DISPATCH(spatial_dropout<T>)(x, positions, rate, key, y, threads, scratch, first);
}
EVENKEEL_FOR_ELEMENTS(spatial_dropout);

template <class T>
void gaussian_dropout(In<T> x, float deviation, const RandomKey& key, Out<T> y, const Threads& threads,
                      std::int64_t first) {
  EVENKEEL_DISPATCH(gaussian_dropout<T>)(x, deviation, key, y, threads, first);
}
EVENKEEL_FOR_ELEMENTS(gaussian_dropout);

template <class T>
void affine_dropout(In<T> x, float rate, const KeptAndDropped& outcome, const RandomKey& key, Out<T> y,
                    const Threads& threads, std::int64_t first) {
  EVENKEEL_DISPATCH(affine_dropout<T>)(x, rate, outcome, key, y, threads, first);
}
EVENKEEL_FOR_ELEMENTS(affine_dropout);

}  // namespace evenkeel::kernels
#endif
