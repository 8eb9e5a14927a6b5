#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace evenkeel {

/// The sizes of a tensor's axes, outermost first: [N, H, W, C]. At most kMaxRank axes; rank 0 is a scalar.
class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes);
  /// Throws Error if there are more than kMaxRank sizes, one is negative, or the product overflows.
  explicit Shape(std::span<const std::int64_t> sizes);

  int rank() const { return rank_; }
  /// Axis i; negative i counts from the end (-1: channels).
  std::int64_t operator[](int i) const { return sizes_[static_cast<std::size_t>(i < 0 ? i + rank_ : i)]; }
  std::int64_t back() const { return (*this)[-1]; }
  /// Number of elements; 1 for a scalar.
  std::int64_t size() const;
  /// Elements per item of the first axis.
  std::int64_t row_size() const;
  std::span<const std::int64_t> sizes() const { return {sizes_.data(), static_cast<std::size_t>(rank_)}; }

  /// The same with axis i set to n.
  Shape with(int i, std::int64_t n) const;
  /// The same without the first axis.
  Shape without_first() const;
  /// The same after a new first axis of size n.
  Shape batched(std::int64_t n) const;

  bool operator==(const Shape& other) const = default;

 private:
  std::array<std::int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

/// "[32, 28, 28, 1]"
std::string to_string(const Shape& shape);
/// The same for a shape without its batch axis, which is added: "[N, 28, 28, 1]"
std::string to_string_batched(const Shape& without_batch);

}  // namespace evenkeel
