#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

#include "evenkeel/tensor/dtype.h"
#include "evenkeel/tensor/shape.h"

namespace evenkeel {

/// Every tensor, block and arena slot begins on a cache line (and a full AVX-512 vector).
inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t aligned_size(std::size_t bytes, std::size_t alignment = kAlignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// Uninitialized bytes, aligned to kAlignment.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes);
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;
};

/// Elements of one type in row-major order, not owned.
struct TensorView {
  const std::byte* data = nullptr;
  Shape shape;
  DType dtype = DType::float32;

  template <class T>
  std::span<const T> as() const {
    check_dtype(kDTypeOf<T>);
    return {reinterpret_cast<const T*>(data), static_cast<std::size_t>(shape.size())};
  }
  std::size_t bytes() const { return static_cast<std::size_t>(shape.size()) * size_of(dtype); }
  /// Items [begin, end) of the first axis.
  TensorView rows(std::int64_t begin, std::int64_t end) const;
  /// The same elements in another shape of the same size.
  TensorView reshaped(Shape other) const;

 private:
  void check_dtype(DType wanted) const;
};

/// Owns the elements; row-major, on the host, aligned. Copying is explicit: clone(). New tensors are zero.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Shape shape, DType dtype);
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values) {
    Tensor tensor(shape, kDTypeOf<T>);
    std::copy_n(values.begin(), shape.size(), tensor.as<T>().begin());
    return tensor;
  }
  static Tensor copy_of(TensorView view);
  Tensor clone() const { return copy_of(view()); }

  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  std::size_t bytes() const { return static_cast<std::size_t>(shape_.size()) * size_of(dtype_); }
  std::byte* data() { return buffer_.data(); }
  const std::byte* data() const { return buffer_.data(); }
  TensorView view() const { return {buffer_.data(), shape_, dtype_}; }
  operator TensorView() const { return view(); }  // NOLINT(google-explicit-constructor): a tensor can always be viewed

  template <class T>
  std::span<T> as() {
    const auto values = view().as<T>();
    return {const_cast<T*>(values.data()), values.size()};
  }
  template <class T>
  std::span<const T> as() const {
    return view().as<T>();
  }

 private:
  AlignedBuffer buffer_;
  Shape shape_{0};
  DType dtype_ = DType::float32;
};

/// The elements as another type. Float to integer truncates; a value that does not fit becomes the nearest that does;
/// NaN becomes 0.
Tensor converted(TensorView view, DType dtype);

}  // namespace evenkeel
