#include "evenkeel/kernels/convolution/depthwise.h"

#include <memory>
#include <type_traits>

#include "evenkeel/kernels/convolution/depthwise_simd.h"

namespace evenkeel::kernels::depthwise {
namespace {

constexpr const char* kDepthwise = "depthwise vectors";

bool serves(const Window& at, std::int64_t filters) {
  return at.groups > 1 && at.groups == at.c && filters == at.c && at.kernel_h <= kMostTaps &&
         at.kernel_w <= kMostTaps && !at.has_empty_windows();
}

/// Columns at the rim take twice as long as others, and copied rows have no rim. Measured with AVX-512: copies repay
/// for 5x5 windows over 14x14 and 7x7 images, not for 3x3 windows. bfloat16 is copied anyway.
template <class T>
std::shared_ptr<const Walk> planned(const Walk& walk) {
  const bool is_copied = !std::is_same_v<T, float> || walk.rim() * walk.kernel_h * walk.kernel_w >= 4 * walk.out_w;
  return std::make_shared<const Walk>(is_copied && walk.rim() > 0 ? walk.with_margins() : walk);
}

}  // namespace

template <class T>
std::optional<PreparedForward<T>> convolution(const Window& window, std::int64_t filters, bool, Activation f,
                                              const Machine&, const Threads& threads) {
  if (!serves(window, filters)) return std::nullopt;
  const auto walk = planned<T>(forward_walk(window));
  const std::size_t bytes = convolve_scratch<T>(*walk, threads);
  return PreparedForward<T>{.name = kDepthwise,
                            .scratch_bytes = bytes,
                            .run = [=](const T* x, const T* kernel, const float* bias, T* y, std::byte* scratch) {
                              convolve<T>(*walk, x, kernel, bias, f, y, threads, {scratch, bytes});
                            }};
}

template <class T>
std::optional<PreparedDataGradient<T>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine&, const Threads& threads) {
  if (!serves(window, filters)) return std::nullopt;
  const auto walk = planned<T>(backward_walk(window));
  const std::size_t bytes = convolve_scratch<T>(*walk, threads);
  return PreparedDataGradient<T>{
      .name = kDepthwise, .scratch_bytes = bytes, .run = [=](const T* dy, const T* kernel, T* dx, std::byte* scratch) {
        convolve<T>(*walk, dy, kernel, nullptr, Activation::linear, dx, threads, {scratch, bytes});
      }};
}

template <class T>
std::optional<PreparedKernelGradient<T>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine&, const Threads& threads) {
  if (!serves(window, filters)) return std::nullopt;
  const auto walk = planned<T>(forward_walk(window));
  const std::size_t bytes = correlate_scratch<T>(*walk, threads);
  return PreparedKernelGradient<T>{.name = kDepthwise,
                                   .scratch_bytes = bytes,
                                   .run = [=](const T* x, const T* dy, float* dkernel, std::byte* scratch) {
                                     correlate<T>(*walk, x, dy, dkernel, threads, {scratch, bytes});
                                   }};
}

template decltype(convolution<float>) convolution<float>;
template decltype(convolution<bfloat16>) convolution<bfloat16>;
template decltype(convolution_data_gradient<float>) convolution_data_gradient<float>;
template decltype(convolution_data_gradient<bfloat16>) convolution_data_gradient<bfloat16>;
template decltype(convolution_kernel_gradient<float>) convolution_kernel_gradient<float>;
template decltype(convolution_kernel_gradient<bfloat16>) convolution_kernel_gradient<bfloat16>;

}  // namespace evenkeel::kernels::depthwise
