#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace evenkeel {

/// The upper half of a float: its range, and 8 significant bits. Conversion rounds to the nearest, ties to even: the
/// relative error is at most 2^-8 (for subnormals the absolute error is at most 2^-134). NaN stays NaN. It is a storage
/// type: arithmetic is done in float. All bits zero are 0.
struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  explicit constexpr bfloat16(float value) : bits(rounded(std::bit_cast<std::uint32_t>(value))) {}
  // NOLINTNEXTLINE(google-explicit-constructor): every bfloat16 is a float
  constexpr operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

 private:
  static constexpr std::uint16_t rounded(std::uint32_t x) {
    const bool is_nan = (x & 0x7FFFFFFFu) > 0x7F800000u;
    // A NaN is made quiet: without the bits that are cut off it could become infinity.
    return static_cast<std::uint16_t>((is_nan ? x | 0x00400000u : x + 0x7FFFu + (x >> 16 & 1u)) >> 16);
  }
};
static_assert(sizeof(bfloat16) == 2 && std::is_trivial_v<bfloat16>);

/// The type of sums over elements of type T, and of coefficients that elements are multiplied with.
template <class T>
using Precise = std::conditional_t<std::is_same_v<T, bfloat16>, float, T>;

}  // namespace evenkeel
