// Loops over fp32 vectors that treat a full vector and the rest at the end alike. Compiled once per target.

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
#include "evenkeel/kernels/simd/grain.h"
#include "hwy/highway.h"

/// Behind the parameters of a lambda that handles vectors: compiled for the target, and part of the loop around it.
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

/// Every lane of a vector.
struct Full {
  HWY_INLINE Vec load(const float* p) const { return hn::LoadU(kTag, p); }
  HWY_INLINE void store(Vec v, float* p) const { hn::StoreU(v, kTag, p); }
  /// v in the lanes that count, `otherwise` in the others
  HWY_INLINE Vec keep(Vec v, Vec /*otherwise*/) const { return v; }
};

/// The first `count` lanes of a vector: memory behind them is not touched, and the others load as 0.
struct First {
  std::int64_t count;

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

/// Calls body(lanes, i) for i = begin, begin + kLanes, ... with lanes a Full, and a First for what is left.
/// A body captures pointers and constants by value: a reference would be read anew behind each store.
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
