// Cost: reads 4 bytes per element. Bins and sums are found a vector at a time; counting is one increment per element.

#include "evenkeel/kernels/probe/histogram.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/probe/histogram_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/vector-inl.h"

#ifndef EVENKEEL_KERNELS_SIMD_HISTOGRAM_ONCE
#define EVENKEEL_KERNELS_SIMD_HISTOGRAM_ONCE
namespace evenkeel::kernels {

/// The counts and sums of one thread.
struct PartialHistogram {
  // Neighbours often share a bin, and an increment waits for the one before it; so four copies are used in turn.
  static constexpr std::int64_t kCopies = 4;
  static constexpr std::size_t kNotFinite = Histogram::kBins;  ///< the bin of NaN and infinities

  std::uint32_t counts[kCopies][Histogram::kBins + 1];
  double sum, sum_of_squares;
  float min, max;

  void count(const std::int32_t* bins, std::int64_t n) {
    std::int64_t i = 0;
    for (; i + kCopies <= n; i += kCopies)
      for (std::int64_t copy = 0; copy < kCopies; ++copy) ++counts[copy][bins[i + copy]];
    for (; i < n; ++i) ++counts[0][bins[i]];
  }

  void add_to(Histogram& whole) const {
    for (std::size_t bin = 0; bin <= kNotFinite; ++bin) {
      std::int64_t n = 0;
      for (const auto& copy : counts) n += copy[bin];
      if (bin == kNotFinite) {
        whole.not_finite += n;
      } else {
        whole.counts[bin] += n;
        whole.finite += n;
      }
    }
    whole.min = std::min(whole.min, double{min});
    whole.max = std::max(whole.max, double{max});
    whole.sum += sum;
    whole.sum_of_squares += sum_of_squares;
  }
};

}  // namespace evenkeel::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

using IntTag = hn::RebindToSigned<Tag>;
using IntVec = hn::Vec<IntTag>;
using WideTag = hn::RepartitionToWide<Tag>;
using WideVec = hn::Vec<WideTag>;

inline constexpr IntTag kIntTag;
inline constexpr WideTag kWideTag;
inline constexpr hn::Half<Tag> kHalfTag;

/// Turns sign, exponent and the first three bits of the fraction into a number that rises with the value. Two's
/// complement (instead of the float's sign and magnitude) puts a value on an edge into the bin above it on both sides
/// of zero.
HWY_INLINE IntVec bins_of(Vec x, hn::Mask<IntTag> finite) {
  constexpr int kBelow = 20;  // bits of the fraction that are not used
  constexpr std::int32_t kSmallest = std::bit_cast<std::int32_t>(0x1p-40f), kHalf = Histogram::kBins / 2;
  const IntVec bits = hn::BitCast(kIntTag, x);
  const IntVec size = hn::And(bits, hn::Set(kIntTag, 0x7fffffff)), negative = hn::ShiftRight<31>(bits);
  const IntVec smallest = hn::Set(kIntTag, kSmallest), largest = hn::Set(kIntTag, kSmallest + (kHalf << kBelow) - 1);
  const IntVec from_zero = hn::Sub(hn::Min(hn::Max(size, smallest), largest), smallest);
  const IntVec rising = hn::Sub(hn::Xor(from_zero, negative), negative);
  const IntVec bin = hn::Add(hn::ShiftRight<kBelow>(rising), hn::Set(kIntTag, kHalf));
  return hn::IfThenElse(finite, bin, hn::Set(kIntTag, static_cast<std::int32_t>(PartialHistogram::kNotFinite)));
}

struct Sums {
  WideVec sum, sum_of_squares;

  HWY_INLINE Sums() : sum(hn::Zero(kWideTag)), sum_of_squares(hn::Zero(kWideTag)) {}
  HWY_INLINE void add(hn::Vec<hn::Half<Tag>> terms) {
    const WideVec wide = hn::PromoteTo(kWideTag, terms);
    sum = hn::Add(sum, wide);
    sum_of_squares = hn::MulAdd(wide, wide, sum_of_squares);
  }
};

HWY_INLINE double total(WideVec a, WideVec b) { return hn::GetLane(hn::SumOfLanes(kWideTag, hn::Add(a, b))); }

void count_range(const float* x, std::int64_t n, PartialHistogram& part) {
  constexpr std::int64_t kBlock = 2048;  // bins stay in the first-level cache until they are counted
  HWY_ALIGN std::int32_t bins[kBlock];
  const Vec infinity = hn::Set(kTag, std::numeric_limits<float>::infinity()), minus_infinity = hn::Neg(infinity);
  Vec min = infinity, max = minus_infinity;
  Sums low, high;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t size = std::min(kBlock, n - begin);
    for_vectors(0, size, [&](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
      const Vec v = lanes.load(x + begin + i);
      const auto finite = hn::Lt(hn::Abs(v), infinity);  // false for NaN
      hn::Store(bins_of(v, hn::RebindMask(kIntTag, finite)), kIntTag, bins + i);
      min = hn::Min(min, lanes.keep(hn::IfThenElse(finite, v, infinity), infinity));
      max = hn::Max(max, lanes.keep(hn::IfThenElse(finite, v, minus_infinity), minus_infinity));
      const Vec terms = hn::IfThenElseZero(finite, v);
      low.add(hn::LowerHalf(kHalfTag, terms));
      high.add(hn::UpperHalf(kHalfTag, terms));
    });
    part.count(bins, size);
  }
  part.min = hn::GetLane(hn::MinOfLanes(kTag, min));
  part.max = hn::GetLane(hn::MaxOfLanes(kTag, max));
  part.sum = total(low.sum, high.sum);
  part.sum_of_squares = total(low.sum_of_squares, high.sum_of_squares);
}

void histogram(std::span<const float> x, Histogram& out, const Threads& threads, Scratch& scratch) {
  const auto n = static_cast<std::int64_t>(x.size());
  const int ranges = threads.ranges(n, kGrain);
  auto* parts = scratch.take<PartialHistogram>(ranges);
  std::fill_n(parts, ranges, PartialHistogram{});
  threads.parallel(n, kGrain, [&](std::int64_t begin, std::int64_t end, int thread) HWY_ATTR {
    count_range(x.data() + begin, end - begin, parts[thread]);
  });
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  out = {.min = kInfinity, .max = -kInfinity};
  for (const PartialHistogram& part : std::span(parts, static_cast<std::size_t>(ranges))) part.add_to(out);
  if (out.finite == 0) out.min = out.max = 0;
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

void histogram(std::span<const float> x, Histogram& out, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(histogram)(x, out, threads, scratch);
}

}  // namespace evenkeel::kernels
#endif
