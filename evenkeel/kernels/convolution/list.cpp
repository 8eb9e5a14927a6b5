#include "evenkeel/kernels/convolution/convolution.h"

#include <array>

#include "evenkeel/kernels/convolution/columns.h"
#include "evenkeel/kernels/convolution/convolution_onednn.h"
#include "evenkeel/kernels/convolution/convolution_packed.h"
#include "evenkeel/kernels/convolution/convolution_reference.h"
#include "evenkeel/kernels/convolution/convolution_widened.h"
#include "evenkeel/kernels/convolution/pointwise.h"
#include "evenkeel/kernels/convolution/whole_image.h"

namespace evenkeel::kernels {
namespace {

std::optional<ConvolutionForward> reference_forward(const Window& window, std::int64_t filters, bool, Activation f,
                                                    const Machine&, const Threads&) {
  return ConvolutionForward{.name = "reference",
                            .run = [=](const float* x, const float* kernel, const float* bias, float* y, std::byte*) {
                              reference::convolution(window, filters, x, kernel, bias, f, y);
                            }};
}

std::optional<ConvolutionDataGradient> reference_data_gradient(const Window& window, std::int64_t filters,
                                                               const Machine&, const Threads&) {
  return ConvolutionDataGradient{.name = "reference",
                                 .run = [=](const float* dy, const float* kernel, float* dx, std::byte*) {
                                   reference::convolution_data_gradient(window, filters, dy, kernel, dx);
                                 }};
}

std::optional<ConvolutionKernelGradient> reference_kernel_gradient(const Window& window, std::int64_t filters,
                                                                   const Machine&, const Threads&) {
  return ConvolutionKernelGradient{.name = "reference",
                                   .run = [=](const float* x, const float* dy, float* dkernel, std::byte*) {
                                     reference::convolution_kernel_gradient(window, filters, x, dy, dkernel);
                                   }};
}

// The implementations, best first: the first that can serve a shape on this machine does.
template <class T>
struct Implementations {
  static constexpr std::array kForward = {&product::whole_image, &product::pointwise, &onednn::convolution<float>,
                                          &reference_forward};
  static constexpr std::array kDataGradient = {&product::whole_image_data_gradient, &product::pointwise_data_gradient,
                                               &product::columns_data_gradient,
                                               &onednn::convolution_data_gradient<float>, &reference_data_gradient};
  static constexpr std::array kKernelGradient = {
      &product::whole_image_kernel_gradient, &product::pointwise_kernel_gradient,
      &onednn::convolution_kernel_gradient<float>, &reference_kernel_gradient};
};
template <>
struct Implementations<bfloat16> {
  static constexpr std::array kForward = {&onednn::convolution<bfloat16>, &by_float::convolution};
  static constexpr std::array kDataGradient = {&onednn::convolution_data_gradient<bfloat16>,
                                               &by_float::convolution_data_gradient};
  static constexpr std::array kKernelGradient = {&blocks::convolution_kernel_gradient,
                                                 &onednn::convolution_kernel_gradient<bfloat16>,
                                                 &by_float::convolution_kernel_gradient};
};

template <class List, class... Arguments>
auto first_that_serves(const List& list, const Arguments&... arguments) {
  for (const auto prepare : list)
    if (auto kernel = prepare(arguments...)) return *kernel;
  return *list.back()(arguments...);  // not reached: the last one serves everything
}

}  // namespace

template <class T>
ConvolutionForwardOf<T> prepare_convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                            const Machine& machine, const Threads& threads) {
  return first_that_serves(Implementations<T>::kForward, window, filters, bias, f, machine, threads);
}

template <class T>
ConvolutionDataGradientOf<T> prepare_convolution_data_gradient(const Window& window, std::int64_t filters,
                                                               const Machine& machine, const Threads& threads) {
  return first_that_serves(Implementations<T>::kDataGradient, window, filters, machine, threads);
}

template <class T>
ConvolutionKernelGradientOf<T> prepare_convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                   const Machine& machine, const Threads& threads) {
  return first_that_serves(Implementations<T>::kKernelGradient, window, filters, machine, threads);
}

template decltype(prepare_convolution<float>) prepare_convolution<float>;
template decltype(prepare_convolution<bfloat16>) prepare_convolution<bfloat16>;
template decltype(prepare_convolution_data_gradient<float>) prepare_convolution_data_gradient<float>;
template decltype(prepare_convolution_data_gradient<bfloat16>) prepare_convolution_data_gradient<bfloat16>;
template decltype(prepare_convolution_kernel_gradient<float>) prepare_convolution_kernel_gradient<float>;
template decltype(prepare_convolution_kernel_gradient<bfloat16>) prepare_convolution_kernel_gradient<bfloat16>;

}  // namespace evenkeel::kernels
