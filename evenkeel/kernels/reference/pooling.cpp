#include "evenkeel/kernels/reference/pooling.h"

#include <cmath>
#include <limits>
#include <vector>

namespace evenkeel::kernels::reference {
namespace {

/// Calls body(at, places) for each element `at` of y, with the places in x that its window sees, in row-major order.
template <class Body>
void for_each_window(const Window& window, Body body) {
  std::vector<std::size_t> places;
  std::size_t at = 0;
  for (std::int64_t n = 0; n < window.n; ++n)
    for (std::int64_t i = 0; i < window.oh; ++i)
      for (std::int64_t j = 0; j < window.ow; ++j)
        for (std::int64_t c = 0; c < window.c; ++c, ++at) {
          places.clear();
          const Extent rows = window.rows_of(i), columns = window.columns_of(j);
          for (std::int64_t row = rows.begin; row < rows.end; ++row)
            for (std::int64_t column = columns.begin; column < columns.end; ++column)
              places.push_back(static_cast<std::size_t>(((n * window.h + row) * window.w + column) * window.c + c));
          body(at, places);
        }
}

}  // namespace

template <class T>
void max_pool(const Window& window, std::span<const T> x, std::span<T> y) {
  for_each_window(window, [&](std::size_t at, const std::vector<std::size_t>& places) {
    T largest = -std::numeric_limits<T>::infinity();
    for (const std::size_t place : places)
      if (x[place] > largest || std::isnan(x[place])) largest = x[place];
    y[at] = largest;
  });
}

template <class T>
void max_pool_gradient(const Window& window, std::span<const T> x, std::span<const T> y, std::span<const T> dy,
                       std::span<T> dx) {
  std::vector<double> sums(dx.size());
  for_each_window(window, [&](std::size_t at, const std::vector<std::size_t>& places) {
    for (const std::size_t place : places)
      if (x[place] == y[at]) {
        sums[place] += double{dy[at]};
        break;
      }
  });
  for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

template <class T>
void average_pool(const Window& window, std::span<const T> x, std::span<T> y) {
  for_each_window(window, [&](std::size_t at, const std::vector<std::size_t>& places) {
    double sum = 0;
    for (const std::size_t place : places) sum += double{x[place]};
    y[at] = static_cast<T>(sum / static_cast<double>(places.size()));
  });
}

template <class T>
void average_pool_gradient(const Window& window, std::span<const T> dy, std::span<T> dx) {
  std::vector<double> sums(dx.size());
  for_each_window(window, [&](std::size_t at, const std::vector<std::size_t>& places) {
    for (const std::size_t place : places) sums[place] += double{dy[at]} / static_cast<double>(places.size());
  });
  for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

#define INSTANTIATE(T)                                                                                       \
  template void max_pool(const Window&, std::span<const T>, std::span<T>);                                   \
  template void max_pool_gradient(const Window&, std::span<const T>, std::span<const T>, std::span<const T>, \
                                  std::span<T>);                                                             \
  template void average_pool(const Window&, std::span<const T>, std::span<T>);                               \
  template void average_pool_gradient(const Window&, std::span<const T>, std::span<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
