#include "evenkeel/kernels/normalization/batch_norm_pool_reference.h"

#include <cmath>
#include <limits>
#include <vector>

#include "evenkeel/kernels/each_window.h"
#include "evenkeel/kernels/elementwise/activation_reference.h"

namespace evenkeel::kernels::reference {
namespace {

template <class T>
double z_at(const PooledNormalization<T>& of, std::span<const T> x, std::size_t place) {
  const std::size_t c = place % of.scale.size();
  return double{x[place]} * double{of.scale[c]} + double{of.shift[c]};
}

/// Calls body(place, dz) for each window: the place of its largest z, and the gradient at it.
template <class T, class Body>
void for_each_maximum(const PooledNormalization<T>& of, std::span<const T> x, std::span<const T> y,
                      std::span<const T> dy, Body body) {
  for_each_window(of.window, [&](std::size_t at, const std::vector<std::size_t>& places) {
    std::size_t largest = places.front();
    for (const std::size_t place : places)
      if (z_at(of, x, place) > z_at(of, x, largest)) largest = place;
    const double slope = of.f == Activation::linear ? 1 : activation_slope(of.f, double{y[at]});
    body(largest, double{dy[at]} * slope);
  });
}

}  // namespace

template <class T>
void batch_norm_pool(const PooledNormalization<T>& of, std::span<const T> x, std::span<T> y) {
  for_each_window(of.window, [&](std::size_t at, const std::vector<std::size_t>& places) {
    double largest = -std::numeric_limits<double>::infinity();
    for (const std::size_t place : places) {
      const double fz = activation(of.f, z_at(of, x, place));
      if (fz > largest || std::isnan(fz)) largest = fz;
    }
    y[at] = static_cast<T>(largest);
  });
}

template <class T>
void batch_norm_pool_sums(const PooledNormalization<T>& of, std::span<const T> x, std::span<const T> y,
                          std::span<const T> dy, std::span<const T> mean, std::span<const T> inv_std,
                          std::span<T> dgamma, std::span<T> dbeta) {
  const std::size_t channels = of.scale.size();
  std::vector<double> of_gamma(channels), of_beta(channels);
  for_each_maximum(of, x, y, dy, [&](std::size_t place, double dz) {
    const std::size_t c = place % channels;
    of_beta[c] += dz;
    of_gamma[c] += dz * (double{x[place]} - double{mean[c]}) * double{inv_std[c]};
  });
  for (std::size_t c = 0; c < channels; ++c) {
    dgamma[c] = static_cast<T>(of_gamma[c]);
    dbeta[c] = static_cast<T>(of_beta[c]);
  }
}

template <class T>
void batch_norm_pool_data_gradient(const PooledNormalization<T>& of, std::span<const T> x, std::span<const T> y,
                                   std::span<const T> dy, std::span<const T> mean, std::span<const T> a,
                                   std::span<const T> b, std::span<const T> c0, std::span<T> dx) {
  const std::size_t channels = of.scale.size();
  std::vector<double> sums(x.size());
  for (std::size_t place = 0; place < x.size(); ++place) {
    const std::size_t c = place % channels;
    sums[place] = double{b[c]} * (double{x[place]} - double{mean[c]}) + double{c0[c]};
  }
  for_each_maximum(of, x, y, dy,
                   [&](std::size_t place, double dz) { sums[place] += double{a[place % channels]} * dz; });
  for (std::size_t place = 0; place < x.size(); ++place) dx[place] = static_cast<T>(sums[place]);
}

#define INSTANTIATE(T)                                                                                               \
  template void batch_norm_pool(const PooledNormalization<T>&, std::span<const T>, std::span<T>);                    \
  template void batch_norm_pool_sums(const PooledNormalization<T>&, std::span<const T>, std::span<const T>,          \
                                     std::span<const T>, std::span<const T>, std::span<const T>, std::span<T>,       \
                                     std::span<T>);                                                                  \
  template void batch_norm_pool_data_gradient(const PooledNormalization<T>&, std::span<const T>, std::span<const T>, \
                                              std::span<const T>, std::span<const T>, std::span<const T>,            \
                                              std::span<const T>, std::span<const T>, std::span<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
