// Loops over fp32 vectors, of floats or bfloat16 in memory. Their bodies are written once for full vectors and for the
// part of a vector at the end. Compiled once per target.

#include "evenkeel/kernels/simd/targets.h"

#if defined(EVENKEEL_KERNELS_SIMD_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SIMD_VECTOR_INL_H_
#undef EVENKEEL_KERNELS_SIMD_VECTOR_INL_H_
#else
#define EVENKEEL_KERNELS_SIMD_VECTOR_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/simd/dispatch.h"
#include "evenkeel/kernels/simd/grain.h"
#include "evenkeel/tensor/bfloat16.h"
#include "hwy/highway.h"

/// Written after the parameters of a lambda that handles vectors: it is compiled for the target, and inlined into its
/// loop.
#undef EVENKEEL_LOOP_BODY
#ifdef __OPTIMIZE__
#define EVENKEEL_LOOP_BODY HWY_ATTR __attribute__((always_inline))
#else
#define EVENKEEL_LOOP_BODY HWY_ATTR
#endif

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vec = hn::Vec<Tag>;

inline constexpr Tag kTag;
inline constexpr std::int64_t kLanes = hn::MaxLanes(Tag());

/// bfloat16 in memory: as many 16-bit words as a vector has lanes.
using HalfWordsTag = hn::Rebind<std::uint16_t, Tag>;
using HalfWords = hn::Vec<HalfWordsTag>;

HWY_INLINE Vec widened(HalfWords halves) {
  const hn::RebindToUnsigned<Tag> words;
  return hn::BitCast(kTag, hn::ShiftLeft<16>(hn::PromoteTo(words, halves)));
}

/// Rounded as bfloat16(float) does; Highway's own conversion truncates.
HWY_INLINE HalfWords narrowed(Vec v) {
  const hn::RebindToUnsigned<Tag> words;
  const auto x = hn::BitCast(words, v);
  const auto odd = hn::And(hn::ShiftRight<16>(x), hn::Set(words, 1u));
  const auto rounded = hn::Add(hn::Add(x, hn::Set(words, 0x7FFFu)), odd);
  const auto quiet = hn::Or(x, hn::Set(words, 0x00400000u));
  const auto chosen = hn::IfThenElse(hn::RebindMask(words, hn::IsNaN(v)), quiet, rounded);
  // Signed, and small enough to be the same number in 16 bits.
  return hn::DemoteTo(HalfWordsTag(), hn::BitCast(hn::RebindToSigned<Tag>(), hn::ShiftRight<16>(chosen)));
}

/// Every lane of a vector.
struct Full {
  HWY_INLINE Vec load(const bfloat16* p) const {
    return widened(hn::LoadU(HalfWordsTag(), reinterpret_cast<const std::uint16_t*>(p)));
  }
  HWY_INLINE void store(Vec v, bfloat16* p) const {
    hn::StoreU(narrowed(v), HalfWordsTag(), reinterpret_cast<std::uint16_t*>(p));
  }
  HWY_INLINE Vec load(const float* p) const { return hn::LoadU(kTag, p); }
  HWY_INLINE void store(Vec v, float* p) const { hn::StoreU(v, kTag, p); }
  /// v in the lanes that are used, `otherwise` in the others
  HWY_INLINE Vec keep(Vec v, Vec /*otherwise*/) const { return v; }
};

/// The first `count` lanes of a vector: memory after them is not touched, and the other lanes load as 0.
struct First {
  std::int64_t count;

  // Only AVX-512 can mask 16-bit words.
  HWY_INLINE Vec load(const bfloat16* p) const {
#if HWY_TARGET == HWY_AVX3
    const HalfWordsTag halves;
    const auto these = hn::FirstN(halves, static_cast<std::size_t>(count));
    return widened(hn::MaskedLoad(these, halves, reinterpret_cast<const std::uint16_t*>(p)));
#else
    HWY_ALIGN bfloat16 lanes[kLanes] = {};
    std::memcpy(lanes, p, static_cast<std::size_t>(count) * sizeof(bfloat16));
    return Full{}.load(lanes);
#endif
  }
  HWY_INLINE void store(Vec v, bfloat16* p) const {
#if HWY_TARGET == HWY_AVX3
    const HalfWordsTag halves;
    const auto these = hn::FirstN(halves, static_cast<std::size_t>(count));
    hn::BlendedStore(narrowed(v), these, halves, reinterpret_cast<std::uint16_t*>(p));
#else
    HWY_ALIGN bfloat16 lanes[kLanes];
    Full{}.store(v, lanes);
    std::memcpy(p, lanes, static_cast<std::size_t>(count) * sizeof(bfloat16));
#endif
  }
  HWY_INLINE Vec load(const float* p) const {
#if HWY_TARGET == HWY_SSSE3
    // MaskedLoad would read the whole vector here.
    HWY_ALIGN float lanes[kLanes] = {};
    std::memcpy(lanes, p, static_cast<std::size_t>(count) * sizeof(float));
    return hn::Load(kTag, lanes);
#else
    return hn::MaskedLoad(mask(), kTag, p);
#endif
  }
  HWY_INLINE void store(Vec v, float* p) const { hn::BlendedStore(v, mask(), kTag, p); }
  HWY_INLINE Vec keep(Vec v, Vec otherwise) const { return hn::IfThenElse(mask(), v, otherwise); }
  HWY_INLINE hn::Mask<Tag> mask() const { return hn::FirstN(kTag, static_cast<std::size_t>(count)); }
};

/// Calls body(lanes, i) for i = begin, begin + kLanes, ...; lanes is a Full, and a First for what is left at the end. A
/// body captures pointers and constants by value: a reference would be read again after each store.
template <class Body>
HWY_INLINE void for_vectors(std::int64_t begin, std::int64_t end, Body body) {
  std::int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) body(Full{}, i);
  if (i < end) body(First{end - i}, i);
}

/// The same for [0, n) on the threads.
template <class Body>
HWY_INLINE void for_elements(std::size_t n, const Threads& threads, Body body) {
  threads.parallel(static_cast<std::int64_t>(n), kGrain,
                   [&](std::int64_t begin, std::int64_t end, int) HWY_ATTR { for_vectors(begin, end, body); });
}

/// Calls body(row) for each row of `elements` each, on the threads.
template <class Body>
HWY_INLINE void for_rows(std::int64_t rows, std::int64_t elements, const Threads& threads, Body body) {
  threads.parallel(rows, grain_of(elements), [&](std::int64_t begin, std::int64_t end, int) HWY_ATTR {
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
