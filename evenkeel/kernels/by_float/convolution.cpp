#include "evenkeel/kernels/by_float/convolution.h"

#include "evenkeel/kernels/by_float/staging.h"

namespace evenkeel::kernels::by_float {
namespace {

struct Sizes {
  Sizes(const Window& w, std::int64_t filters)
      : x(w.n * w.h * w.w * w.c), kernel(w.kernel_h * w.kernel_w * w.c * filters), y(w.n * w.oh * w.ow * filters) {}
  /// Of all three as floats.
  std::size_t staged_bytes() const {
    return Staging::bytes_for(x) + Staging::bytes_for(kernel) + Staging::bytes_for(y);
  }
  std::int64_t x, kernel, y;  ///< elements
};

}  // namespace

std::optional<ConvolutionForwardOf<bfloat16>> convolution(const Window& window, std::int64_t filters, bool bias,
                                                          Activation f, const Machine& machine,
                                                          const Threads& threads) {
  auto prepared = prepare_convolution(window, filters, bias, f, machine, threads);
  const Sizes n(window, filters);
  return ConvolutionForwardOf<bfloat16>{
      .name = prepared.name + ", by float",
      .scratch_bytes = n.staged_bytes() + prepared.scratch_bytes,
      .run = [=, run = std::move(prepared.run)](const bfloat16* x, const bfloat16* kernel, const float* b, bfloat16* y,
                                                std::byte* scratch) {
        Staging staging(scratch, threads);
        const float *wide_x = staging.widened(x, n.x), *wide_kernel = staging.widened(kernel, n.kernel);
        float* const wide_y = staging.room(n.y);
        run(wide_x, wide_kernel, b, wide_y, staging.rest());
        staging.narrow(wide_y, y, n.y);
      }};
}

std::optional<ConvolutionDataGradientOf<bfloat16>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                             const Machine& machine,
                                                                             const Threads& threads) {
  auto prepared = prepare_convolution_data_gradient(window, filters, machine, threads);
  const Sizes n(window, filters);
  return ConvolutionDataGradientOf<bfloat16>{
      .name = prepared.name + ", by float",
      .scratch_bytes = n.staged_bytes() + prepared.scratch_bytes,
      .run = [=, run = std::move(prepared.run)](const bfloat16* dy, const bfloat16* kernel, bfloat16* dx,
                                                std::byte* scratch) {
        Staging staging(scratch, threads);
        const float *wide_dy = staging.widened(dy, n.y), *wide_kernel = staging.widened(kernel, n.kernel);
        float* const wide_dx = staging.room(n.x);
        run(wide_dy, wide_kernel, wide_dx, staging.rest());
        staging.narrow(wide_dx, dx, n.x);
      }};
}

std::optional<ConvolutionKernelGradientOf<bfloat16>> convolution_kernel_gradient(const Window& window,
                                                                                 std::int64_t filters,
                                                                                 const Machine& machine,
                                                                                 const Threads& threads) {
  auto prepared = prepare_convolution_kernel_gradient(window, filters, machine, threads);
  const Sizes n(window, filters);
  return ConvolutionKernelGradientOf<bfloat16>{
      .name = prepared.name + ", by float",
      .scratch_bytes = Staging::bytes_for(n.x) + Staging::bytes_for(n.y) + prepared.scratch_bytes,
      .run = [=, run = std::move(prepared.run)](const bfloat16* x, const bfloat16* dy, float* dkernel,
                                                std::byte* scratch) {
        Staging staging(scratch, threads);
        const float *wide_x = staging.widened(x, n.x), *wide_dy = staging.widened(dy, n.y);
        run(wide_x, wide_dy, dkernel, staging.rest());
      }};
}

}  // namespace evenkeel::kernels::by_float
