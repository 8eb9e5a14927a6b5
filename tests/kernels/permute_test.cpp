#include "evenkeel/kernels/elementwise/permute.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::kernels {
namespace {

/// Where the element at `index` of a tensor of this shape lies.
std::size_t place_of(const Shape& shape, const std::vector<std::int64_t>& index) {
  std::int64_t at = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) at = at * shape[axis] + index[static_cast<std::size_t>(axis)];
  return static_cast<std::size_t>(at);
}

/// Calls body(index) for every index of the shape.
template <class Body>
void for_indices(const Shape& shape, Body body) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.rank()), 0);
  for (std::int64_t n = 0; n < shape.size(); ++n) {
    std::int64_t rest = n;
    for (int axis = shape.rank() - 1; axis >= 0; rest /= shape[axis--])
      index[static_cast<std::size_t>(axis)] = rest % shape[axis];
    body(index);
  }
}

template <class T>
void check(const Shape& shape, const std::vector<int>& order, int threads) {
  std::vector<T> x, y(static_cast<std::size_t>(shape.size()));
  for (std::int64_t i = 0; i < shape.size(); ++i) x.emplace_back(static_cast<float>(i % 251));
  permute<T>(x, shape, order, y, Threads(threads));
  std::vector<std::int64_t> sizes;
  for (const int axis : order) sizes.push_back(shape[axis]);
  for_indices(shape, [&](const std::vector<std::int64_t>& index) {
    std::vector<std::int64_t> moved;
    for (const int axis : order) moved.push_back(index[static_cast<std::size_t>(axis)]);
    ASSERT_EQ(static_cast<float>(y[place_of(Shape(sizes), moved)]), static_cast<float>(x[place_of(shape, index)]));
  });
}

TEST(Permute, PutsEveryElementInItsPlaceInEveryOrder) {
  for (const Shape& shape : {Shape{3, 5, 2, 7}, Shape{1, 1, 4, 3}, Shape{2, 9, 1, 1}}) {
    std::vector<int> order = {0, 1, 2, 3};
    do {
      check<float>(shape, order, 1);
      check<double>(shape, order, 1);
      check<bfloat16>(shape, order, 1);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST(Permute, MovesOfAnyRankOnAnyThreadCount) {
  for (const int threads : {1, 2, 3}) {
    check<float>({7}, {0}, threads);
    check<float>({300, 200}, {1, 0}, threads);
    check<float>({2, 3, 2, 3, 2, 3}, {5, 3, 1, 0, 2, 4}, threads);
    check<float>({5, 30, 77, 16}, {0, 2, 3, 1}, threads);
  }
}

}  // namespace
}  // namespace evenkeel::kernels
