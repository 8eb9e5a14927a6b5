#include "evenkeel/kernels/convolution/convolution_reference.h"

#include <algorithm>
#include <vector>

#include "evenkeel/kernels/each_window.h"
#include "evenkeel/kernels/elementwise/activation_reference.h"

namespace evenkeel::kernels::reference {
namespace {

/// The places of elements in a convolution's tensors.
struct Layout {
  Window at;
  std::int64_t filters;

  std::int64_t x(std::int64_t image, std::int64_t row, std::int64_t column) const {
    return ((image * at.h + row) * at.w + column) * at.c;
  }
  std::int64_t y(std::int64_t image, std::int64_t i, std::int64_t j) const {
    return ((image * at.oh + i) * at.ow + j) * filters;
  }
  /// The weight of an input channel, counted within its group, for filter 0.
  std::int64_t kernel(std::int64_t a, std::int64_t b, std::int64_t channel) const {
    return ((a * at.kernel_w + b) * channels_of_group() + channel) * filters;
  }
  std::int64_t channels_of_group() const { return at.c / at.groups; }
  std::int64_t filters_of_group() const { return filters / at.groups; }
  /// The first input channel that a filter reads, and the first filter that reads a channel.
  std::int64_t channels_read_by(std::int64_t filter) const { return filter / filters_of_group() * channels_of_group(); }
  std::int64_t readers_of(std::int64_t channel) const { return channel / channels_of_group() * filters_of_group(); }
};

}  // namespace

template <class T>
void convolution(const Window& window, std::int64_t filters, const T* x, const T* kernel, const T* bias, Activation f,
                 T* y) {
  const Layout at{window, filters};
  for_each_output(window, [&](std::int64_t image, std::int64_t i, std::int64_t j) {
    for (std::int64_t filter = 0; filter < filters; ++filter) {
      const T* const read = x + at.channels_read_by(filter);
      double sum = bias ? double{bias[filter]} : 0.0;
      for_each_tap(window, i, j, [&](std::int64_t a, std::int64_t b, std::int64_t row, std::int64_t column) {
        for (std::int64_t channel = 0; channel < at.channels_of_group(); ++channel)
          sum += double{read[at.x(image, row, column) + channel]} * double{kernel[at.kernel(a, b, channel) + filter]};
      });
      y[at.y(image, i, j) + filter] = static_cast<T>(activation(f, sum));
    }
  });
}

template <class T>
void convolution_data_gradient(const Window& window, std::int64_t filters, const T* dy, const T* kernel, T* dx) {
  const Layout at{window, filters};
  for (std::int64_t image = 0; image < window.n; ++image)
    for (std::int64_t row = 0; row < window.h; ++row)
      for (std::int64_t column = 0; column < window.w; ++column)
        for (std::int64_t channel = 0; channel < window.c; ++channel) {
          const std::int64_t first = at.readers_of(channel), last = first + at.filters_of_group();
          const std::int64_t in_group = channel % at.channels_of_group();
          double sum = 0;
          for_each_viewer(window, row, column, [&](std::int64_t a, std::int64_t b, std::int64_t i, std::int64_t j) {
            for (std::int64_t filter = first; filter < last; ++filter)
              sum += double{dy[at.y(image, i, j) + filter]} * double{kernel[at.kernel(a, b, in_group) + filter]};
          });
          dx[at.x(image, row, column) + channel] = static_cast<T>(sum);
        }
}

template <class T>
void convolution_kernel_gradient(const Window& window, std::int64_t filters, const T* x, const T* dy, T* dkernel) {
  const Layout at{window, filters};
  std::vector<double> sums(static_cast<std::size_t>(at.kernel(window.kernel_h, 0, 0)));
  for_each_output(window, [&](std::int64_t image, std::int64_t i, std::int64_t j) {
    for_each_tap(window, i, j, [&](std::int64_t a, std::int64_t b, std::int64_t row, std::int64_t column) {
      for (std::int64_t channel = 0; channel < window.c; ++channel) {
        const std::int64_t first = at.readers_of(channel), last = first + at.filters_of_group();
        const double value = double{x[at.x(image, row, column) + channel]};
        double* const to = sums.data() + at.kernel(a, b, channel % at.channels_of_group());
        for (std::int64_t filter = first; filter < last; ++filter)
          to[filter] += value * double{dy[at.y(image, i, j) + filter]};
      }
    });
  });
  std::ranges::transform(sums, dkernel, [](double sum) { return static_cast<T>(sum); });
}

template void convolution(const Window&, std::int64_t, const float*, const float*, const float*, Activation, float*);
template void convolution(const Window&, std::int64_t, const double*, const double*, const double*, Activation,
                          double*);
template void convolution_data_gradient(const Window&, std::int64_t, const float*, const float*, float*);
template void convolution_data_gradient(const Window&, std::int64_t, const double*, const double*, double*);
template void convolution_kernel_gradient(const Window&, std::int64_t, const float*, const float*, float*);
template void convolution_kernel_gradient(const Window&, std::int64_t, const double*, const double*, double*);

}  // namespace evenkeel::kernels::reference
