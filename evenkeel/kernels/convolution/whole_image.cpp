#include "evenkeel/kernels/convolution/whole_image.h"

#include <algorithm>

#include "evenkeel/kernels/matmul/finish.h"
#include "evenkeel/kernels/matmul/gemm.h"

namespace evenkeel::kernels::as_matmul {
namespace {

constexpr const char* kWholeImage = "gemm, whole image";
constexpr std::int64_t kRowGrain = 64;  // rows of filters: enough work to be worth a thread

/// The dense layer's matrix, [h * w * c, oh * ow * filters]. Block (p, q), (i, j), each [c, filters], is the tap of the
/// kernel that connects output pixel (i, j) with input pixel (p, q).
struct Dense {
  Window at;
  std::int64_t filters;

  bool serves() const {
    const bool all = sees_all(at.h, at.kernel_h, at.stride_h, at.pad_top, at.oh) &&
                     sees_all(at.w, at.kernel_w, at.stride_w, at.pad_left, at.ow);
    // A matrix larger than the kernel has to be made first, which takes as long as the product with a few images.
    return all && at.groups == 1 && !at.is_dilated() && (at.oh * at.ow == 1 || at.n >= 16);
  }
  std::int64_t rows() const { return at.h * at.w * at.c; }
  std::int64_t columns() const { return at.oh * at.ow * filters; }

  /// Whether the matrix is a part of the kernel as it is: one output pixel, whose taps are consecutive.
  bool in_kernel() const { return at.oh * at.ow == 1 && (at.h == 1 || at.w == at.kernel_w); }
  std::int64_t begin() const { return (at.pad_top * at.kernel_w + at.pad_left) * at.c * filters; }
  std::size_t scratch_bytes() const { return in_kernel() ? 0 : scratch_of<float>(rows() * columns()); }

  const float* expand(const float* kernel, std::byte* scratch, const Threads& threads) const;
  void collapse(const float* matrix, float* dkernel, const Threads& threads) const;

 private:
  static bool sees_all(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                       std::int64_t out) {
    return (out - 1) * stride <= pad && kernel - pad >= size;
  }
};

const float* Dense::expand(const float* kernel, std::byte* scratch, const Threads& threads) const {
  if (in_kernel()) return kernel + begin();
  float* const matrix = reinterpret_cast<float*>(scratch);
  threads.parallel(rows(), kRowGrain, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t channel = row % at.c, q = row / at.c % at.w, p = row / at.c / at.w;
      for (std::int64_t i = 0; i < at.oh; ++i)
        for (std::int64_t j = 0; j < at.ow; ++j) {
          const std::int64_t a = p - i * at.stride_h + at.pad_top, b = q - j * at.stride_w + at.pad_left;
          std::copy_n(kernel + ((a * at.kernel_w + b) * at.c + channel) * filters, filters,
                      matrix + row * columns() + (i * at.ow + j) * filters);
        }
    }
  });
  return matrix;
}

/// The gradient of a tap is the sum of those of its blocks, in the order of the outputs; 0 for a tap without a block.
void Dense::collapse(const float* matrix, float* dkernel, const Threads& threads) const {
  threads.parallel(at.kernel_h * at.kernel_w * at.c, kRowGrain, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t channel = row % at.c, b = row / at.c % at.kernel_w, a = row / at.c / at.kernel_w;
      float* const sum = dkernel + row * filters;
      std::fill_n(sum, filters, 0.0f);
      for (std::int64_t i = 0; i < at.oh; ++i)
        for (std::int64_t j = 0; j < at.ow; ++j) {
          const std::int64_t p = a + i * at.stride_h - at.pad_top, q = b + j * at.stride_w - at.pad_left;
          if (p < 0 || p >= at.h || q < 0 || q >= at.w) continue;
          const float* const block = matrix + ((p * at.w + q) * at.c + channel) * columns() + (i * at.ow + j) * filters;
          for (std::int64_t filter = 0; filter < filters; ++filter) sum[filter] += block[filter];
        }
    }
  });
}

}  // namespace

std::optional<PreparedForward<float>> whole_image(const Window& window, std::int64_t filters, bool, Activation f,
                                                  const Machine&, const Threads& threads) {
  const Dense dense{window, filters};
  if (!dense.serves()) return std::nullopt;
  return PreparedForward<float>{
      .name = kWholeImage,
      .scratch_bytes = dense.scratch_bytes() + finish_bytes(filters),
      .run = [=](const float* x, const float* kernel, const float* bias, float* y, std::byte* scratch) {
        const float* const matrix = dense.expand(kernel, scratch, threads);
        gemm(Transpose::no, Transpose::no, dense.at.n, dense.columns(), dense.rows(), x, matrix, y, threads);
        finish({y, dense.at.n * dense.at.oh * dense.at.ow, dense.filters}, bias, f, threads,
               scratch + dense.scratch_bytes());
      }};
}

std::optional<PreparedDataGradient<float>> whole_image_data_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine&, const Threads& threads) {
  const Dense dense{window, filters};
  if (!dense.serves()) return std::nullopt;
  return PreparedDataGradient<float>{.name = kWholeImage,
                                     .scratch_bytes = dense.scratch_bytes(),
                                     .run = [=](const float* dy, const float* kernel, float* dx, std::byte* scratch) {
                                       const float* const matrix = dense.expand(kernel, scratch, threads);
                                       gemm(Transpose::no, Transpose::yes, dense.at.n, dense.rows(), dense.columns(),
                                            dy, matrix, dx, threads);
                                     }};
}

std::optional<PreparedKernelGradient<float>> whole_image_kernel_gradient(const Window& window, std::int64_t filters,
                                                                         const Machine&, const Threads& threads) {
  const Dense dense{window, filters};
  if (!dense.serves()) return std::nullopt;
  return PreparedKernelGradient<float>{
      .name = kWholeImage,
      .scratch_bytes = dense.scratch_bytes(),
      .run = [=](const float* x, const float* dy, float* dkernel, std::byte* scratch) {
        float* const matrix = dense.in_kernel() ? dkernel + dense.begin() : reinterpret_cast<float*>(scratch);
        if (dense.in_kernel()) std::fill_n(dkernel, window.kernel_h * window.kernel_w * window.c * filters, 0.0f);
        gemm(Transpose::yes, Transpose::no, dense.rows(), dense.columns(), dense.at.n, x, dy, matrix, threads);
        if (!dense.in_kernel()) dense.collapse(matrix, dkernel, threads);
      }};
}

}  // namespace evenkeel::kernels::as_matmul
