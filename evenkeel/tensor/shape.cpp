#include "evenkeel/tensor/shape.h"

#include <algorithm>
#include <limits>

#include "evenkeel/base/error.h"

namespace evenkeel {

Shape::Shape(std::initializer_list<std::int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const std::int64_t> sizes) : rank_(static_cast<int>(sizes.size())) {
  if (sizes.size() > kMaxRank)
    throw Error{{.where = "shape",
                 .expected = "at most " + std::to_string(kMaxRank) + " axes",
                 .received = std::to_string(sizes.size())}};
  std::int64_t product = 1;
  for (std::int64_t size : sizes) {
    if (size < 0) throw Error{{.where = "shape", .expected = "sizes of 0 or more", .received = std::to_string(size)}};
    if (size > 0 && product > std::numeric_limits<std::int64_t>::max() / size)
      throw Error{{.where = "shape", .expected = "a number of elements below 2^63", .received = "more"}};
    product *= std::max<std::int64_t>(size, 1);
  }
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
}

std::int64_t Shape::size() const {
  std::int64_t product = 1;
  for (std::int64_t size : sizes()) product *= size;
  return product;
}

std::int64_t Shape::row_size() const { return without_first().size(); }

Shape Shape::with(int i, std::int64_t n) const {
  Shape shape = *this;
  shape.sizes_[static_cast<std::size_t>(i < 0 ? i + rank_ : i)] = n;
  return Shape(shape.sizes());
}

Shape Shape::without_first() const { return rank_ == 0 ? Shape() : Shape(sizes().subspan(1)); }

Shape Shape::batched(std::int64_t n) const {
  std::array<std::int64_t, kMaxRank + 1> sizes{n};
  std::copy(sizes_.begin(), sizes_.end(), sizes.begin() + 1);
  return Shape(std::span<const std::int64_t>(sizes.data(), static_cast<std::size_t>(rank_) + 1));
}

namespace {

std::string joined(std::string text, std::span<const std::int64_t> sizes) {
  for (std::int64_t size : sizes) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

}  // namespace

std::string to_string(const Shape& shape) { return joined("[", shape.sizes()); }

std::string to_string_batched(const Shape& without_batch) { return joined("[N", without_batch.sizes()); }

}  // namespace evenkeel
