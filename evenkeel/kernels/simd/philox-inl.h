// Philox's random words a vector at a time. Compiled once per target.

#include "evenkeel/kernels/simd/targets.h"

#if defined(EVENKEEL_KERNELS_SIMD_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SIMD_PHILOX_INL_H_
#undef EVENKEEL_KERNELS_SIMD_PHILOX_INL_H_
#else
#define EVENKEEL_KERNELS_SIMD_PHILOX_INL_H_
#endif

#include <cstdint>

#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

using BitsTag = hn::RebindToUnsigned<Tag>;
using WideTag = hn::RepartitionToWide<BitsTag>;
using Bits = hn::Vec<BitsTag>;

/// philox4x32 (base/philox.h) for several counters at once, four lanes each. The words come out in the order of the
/// elements.
class Philox {
 public:
  explicit Philox(const RandomKey& key) {
    const auto counter = key.counter(0);
    auto round_key = key.key();
    counter_ = of_each_counter(counter[0], counter[1], counter[2], counter[3]);
    block_in_vector_ = hn::ShiftRight<2>(hn::Iota(BitsTag(), 0));
    block_lane_ = of_each_counter(0xFFFFFFFFu, 0, 0, 0);
    multipliers_ = of_each_counter(0xD2511F53u, 0, 0xCD9E8D57u, 0);
    for (Bits& keys : keys_) {
      keys = of_each_counter(round_key[0], 0, round_key[1], 0);
      round_key[0] += 0x9E3779B9u;
      round_key[1] += 0xBB67AE85u;
    }
  }

  /// The words of elements [i, i + kLanes); i is a multiple of 4.
  HWY_INLINE Bits operator()(std::int64_t i) const {
    const BitsTag d;
    const Bits block = hn::Add(block_in_vector_, hn::Set(d, static_cast<std::uint32_t>(i / 4)));
    Bits c = hn::Or(counter_, hn::And(block, block_lane_));
    for (const Bits& keys : keys_) {
      // Lanes 0 and 2 times their multipliers: a.low, a.high, b.low, b.high. They are reversed and mixed with lanes 1
      // and 3 and the keys: b.high ^ c1 ^ key0, b.low, a.high ^ c3 ^ key1, a.low.
      const Bits products = hn::Shuffle0123(hn::BitCast(d, hn::MulEven(c, multipliers_)));
      const Bits odd = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(WideTag(), c)));
      c = hn::Xor(products, hn::Xor(odd, keys));
    }
    return c;
  }

 private:
  static Bits of_each_counter(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    HWY_ALIGN std::uint32_t words[4] = {a, b, c, d};
    return hn::LoadDup128(BitsTag(), words);
  }

  Bits counter_, block_in_vector_, block_lane_, multipliers_;
  Bits keys_[10];
};

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
