#include "evenkeel/kernels/convolution/pointwise.h"

#include <algorithm>

#include "evenkeel/kernels/matmul/finish.h"
#include "evenkeel/kernels/matmul/gemm.h"

namespace evenkeel::kernels::as_matmul {
namespace {

constexpr const char* kPointwise = "gemm, pointwise";
constexpr std::int64_t kPixelGrain = 256;  // pixels: enough work to be worth a thread

bool serves(const Window& at) {
  const bool has_padding = at.pad_top > 0 || at.pad_left > 0 || at.pad_bottom() > 0 || at.pad_right() > 0;
  return at.kernel_h == 1 && at.kernel_w == 1 && at.groups == 1 && !has_padding;
}

std::int64_t pixels(const Window& at) { return at.n * at.oh * at.ow; }

bool sees_all(const Window& at) { return at.stride_h == 1 && at.stride_w == 1 && at.oh == at.h && at.ow == at.w; }

std::size_t scratch_bytes(const Window& at) { return sees_all(at) ? 0 : scratch_of<float>(pixels(at) * at.c); }

/// The place in x of the pixel that output pixel `i` (of all images) reads.
std::int64_t seen_by(const Window& at, std::int64_t i) {
  const std::int64_t column = i % at.ow, row = i / at.ow % at.oh, image = i / at.ow / at.oh;
  return ((image * at.h + row * at.stride_h) * at.w + column * at.stride_w) * at.c;
}

const float* gather(const Window& at, const float* x, std::byte* scratch, const Threads& threads) {
  if (sees_all(at)) return x;
  float* const gathered = reinterpret_cast<float*>(scratch);
  threads.parallel(pixels(at), kPixelGrain, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) std::copy_n(x + seen_by(at, i), at.c, gathered + i * at.c);
  });
  return gathered;
}

/// The reverse: puts gathered pixels back to their places, and zeros elsewhere.
void spread(const Window& at, const float* gathered, float* dx, const Threads& threads) {
  threads.parallel(at.n, 1, [&](std::int64_t begin, std::int64_t end, int) {
    std::fill(dx + begin * at.h * at.w * at.c, dx + end * at.h * at.w * at.c, 0.0f);
    for (std::int64_t i = begin * at.oh * at.ow; i < end * at.oh * at.ow; ++i)
      std::copy_n(gathered + i * at.c, at.c, dx + seen_by(at, i));
  });
}

}  // namespace

bool is_product_in_place(const Window& window) { return serves(window) && sees_all(window); }

std::optional<PreparedForward<float>> pointwise(const Window& window, std::int64_t filters, bool, Activation f,
                                                const Machine&, const Threads& threads) {
  if (!serves(window)) return std::nullopt;
  return PreparedForward<float>{
      .name = kPointwise,
      .scratch_bytes = scratch_bytes(window) + finish_bytes(filters),
      .run =
          [=](const float* x, const float* kernel, const float* bias, float* y, std::byte* scratch) {
            const float* const seen = gather(window, x, scratch, threads);
            gemm(Transpose::no, Transpose::no, pixels(window), filters, window.c, seen, kernel, y, threads);
            finish({y, pixels(window), filters}, bias, f, threads, scratch + scratch_bytes(window));
          },
      .finishes_in_a_pass = true};
}

std::optional<PreparedDataGradient<float>> pointwise_data_gradient(const Window& window, std::int64_t filters,
                                                                   const Machine&, const Threads& threads) {
  if (!serves(window)) return std::nullopt;
  return PreparedDataGradient<float>{.name = kPointwise,
                                     .scratch_bytes = scratch_bytes(window),
                                     .run = [=](const float* dy, const float* kernel, float* dx, std::byte* scratch) {
                                       float* const seen = sees_all(window) ? dx : reinterpret_cast<float*>(scratch);
                                       gemm(Transpose::no, Transpose::yes, pixels(window), window.c, filters, dy,
                                            kernel, seen, threads);
                                       if (seen != dx) spread(window, seen, dx, threads);
                                     }};
}

std::optional<PreparedKernelGradient<float>> pointwise_kernel_gradient(const Window& window, std::int64_t filters,
                                                                       const Machine&, const Threads& threads) {
  if (!serves(window)) return std::nullopt;
  return PreparedKernelGradient<float>{.name = kPointwise,
                                       .scratch_bytes = scratch_bytes(window),
                                       .run = [=](const float* x, const float* dy, float* dkernel, std::byte* scratch) {
                                         const float* const seen = gather(window, x, scratch, threads);
                                         gemm(Transpose::yes, Transpose::no, window.c, filters, pixels(window), seen,
                                              dy, dkernel, threads);
                                       }};
}

}  // namespace evenkeel::kernels::as_matmul
