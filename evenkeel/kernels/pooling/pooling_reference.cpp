#include "evenkeel/kernels/pooling/pooling_reference.h"

#include <cmath>
#include <limits>
#include <vector>

#include "evenkeel/kernels/each_window.h"

namespace evenkeel::kernels::reference {

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
