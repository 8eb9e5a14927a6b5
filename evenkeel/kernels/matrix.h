#pragma once

#include <cstdint>

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

}  // namespace evenkeel::kernels
