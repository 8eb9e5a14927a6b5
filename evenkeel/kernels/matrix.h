#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

namespace evenkeel::kernels {

/// Dense row-major elements seen as [rows, columns]. An NHWC tensor is one with columns = C, rows = N * H * W.
template <class T>
struct Matrix {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;

  std::int64_t size() const { return rows * columns; }
  T* row(std::int64_t i) const { return data + i * columns; }
  operator Matrix<const T>() const { return {data, rows, columns}; }  // NOLINT(google-explicit-constructor)
};

// Operands of kernels that exist for several element types T (float and bfloat16; arithmetic is done in float for
// both). T is not deduced from them: callers write activate<bfloat16>(...); without it T is float.
template <class T>
using In = std::type_identity_t<std::span<const T>>;
template <class T>
using Out = std::type_identity_t<std::span<T>>;
template <class T>
using InRows = std::type_identity_t<Matrix<const T>>;
template <class T>
using OutRows = std::type_identity_t<Matrix<T>>;

}  // namespace evenkeel::kernels
