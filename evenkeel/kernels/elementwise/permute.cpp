// Cost: reads and writes each element once. y is written row by row; cache lines of x that neighbouring rows share stay
// in the cache unless an axis is very long.

#include "evenkeel/kernels/elementwise/permute.h"

#include <algorithm>
#include <array>

#include "evenkeel/kernels/simd/grain.h"
#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::kernels {
namespace {

/// The axes of the result, outermost first: their sizes, and how far apart their elements are in the source.
struct Walk {
  Walk(const Shape& shape, std::span<const int> order) : rank(shape.rank()) {
    std::array<std::int64_t, Shape::kMaxRank> stride_of{};
    std::int64_t stride = 1;
    for (int axis = rank - 1; axis >= 0; --axis) {
      stride_of[static_cast<std::size_t>(axis)] = stride;
      stride *= shape[axis];
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(rank); ++i) {
      sizes[i] = shape[order[i]];
      strides[i] = stride_of[static_cast<std::size_t>(order[i])];
    }
  }

  int rank;
  std::array<std::int64_t, Shape::kMaxRank> sizes{}, strides{};
};

/// Where the rows of the result begin in the source, one after the other; a row may be short, so without divisions.
class RowBegin {
 public:
  RowBegin(const Walk& walk, std::int64_t row) : walk_(walk) {
    for (auto i = static_cast<std::size_t>(walk.rank - 1); i-- > 0; row /= walk.sizes[i]) {
      index_[i] = row % walk.sizes[i];
      at_ += index_[i] * walk.strides[i];
    }
  }
  std::int64_t at() const { return at_; }
  void next() {
    for (auto i = static_cast<std::size_t>(walk_.rank - 1); i-- > 0;) {
      at_ += walk_.strides[i];
      if (++index_[i] < walk_.sizes[i]) return;
      at_ -= walk_.sizes[i] * walk_.strides[i];
      index_[i] = 0;
    }
  }

 private:
  const Walk& walk_;
  std::array<std::int64_t, Shape::kMaxRank> index_{};
  std::int64_t at_ = 0;
};

}  // namespace

template <class T>
void permute(std::span<const T> x, const Shape& shape, std::span<const int> order, std::span<T> y,
             const Threads& threads) {
  const Walk walk(shape, order);
  const auto last = static_cast<std::size_t>(walk.rank - 1);
  const std::int64_t length = walk.sizes[last], stride = walk.strides[last];
  if (x.empty()) return;
  threads.parallel(shape.size() / length, grain_of(length), [&](std::int64_t begin, std::int64_t end, int) {
    RowBegin place(walk, begin);
    for (std::int64_t row = begin; row < end; ++row, place.next()) {
      const T* from = x.data() + place.at();
      T* to = y.data() + row * length;
      if (stride == 1)
        std::copy_n(from, length, to);
      else
        for (std::int64_t i = 0; i < length; ++i) to[i] = from[i * stride];
    }
  });
}

template void permute(std::span<const float>, const Shape&, std::span<const int>, std::span<float>, const Threads&);
template void permute(std::span<const double>, const Shape&, std::span<const int>, std::span<double>, const Threads&);
template void permute(std::span<const bfloat16>, const Shape&, std::span<const int>, std::span<bfloat16>,
                      const Threads&);

}  // namespace evenkeel::kernels
