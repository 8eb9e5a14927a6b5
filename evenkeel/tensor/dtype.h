#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel {

enum class DType { float32, float64, uint8, int32, int64, bfloat16 };

std::size_t size_of(DType dtype);
std::string_view name_of(DType dtype);  ///< "float32"

/// The type of sums over elements of this type: float32 for bfloat16, else the same type (see Precise).
DType precise(DType dtype);

template <class T>
inline constexpr DType kDTypeOf = [] {
  static_assert(sizeof(T) == 0, "no DType for this type");
  return DType::float32;
}();
template <>
inline constexpr DType kDTypeOf<float> = DType::float32;
template <>
inline constexpr DType kDTypeOf<double> = DType::float64;
template <>
inline constexpr DType kDTypeOf<std::uint8_t> = DType::uint8;
template <>
inline constexpr DType kDTypeOf<std::int32_t> = DType::int32;
template <>
inline constexpr DType kDTypeOf<std::int64_t> = DType::int64;
template <>
inline constexpr DType kDTypeOf<bfloat16> = DType::bfloat16;

}  // namespace evenkeel
