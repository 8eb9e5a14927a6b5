#include "evenkeel/kernels/convolution/columns.h"

#include <algorithm>

#include "evenkeel/kernels/matmul/gemm_onednn.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels::as_matmul {
namespace {

constexpr std::int64_t kColumnFloats = 32 * 1024;  // 128 KB: fits any L2 cache together with the other operands

/// Measured with oneDNN 2.6 on AVX-512: 1.1 to 9 times as fast within these bounds, and not faster outside of them.
bool serves(const Window& at, std::int64_t filters) {
  return at.groups == 1 && !at.is_dilated() && !at.has_empty_windows() && at.c <= 8 &&
         filters >= std::max<std::int64_t>(16, 4 * at.c);
}

std::int64_t pixels_of_image(const Window& at) { return at.oh * at.ow; }
std::int64_t depth(const Window& at) { return at.kernel_h * at.kernel_w * at.c; }

std::int64_t images_at_once(const Window& at) {
  return std::clamp<std::int64_t>(kColumnFloats / (pixels_of_image(at) * depth(at)), 1, at.n);
}

std::size_t bytes_per_thread(const Window& at) {
  return aligned_size(static_cast<std::size_t>(images_at_once(at) * pixels_of_image(at) * depth(at)) * sizeof(float));
}

/// Adds one image's columns up into dx [h, w, c], in the order of the output pixels.
void add_up(const Window& at, const float* columns, float* dx) {
  std::fill_n(dx, at.h * at.w * at.c, 0.0f);
  for (std::int64_t i = 0; i < at.oh; ++i)
    for (std::int64_t j = 0; j < at.ow; ++j, columns += depth(at)) {
      const std::int64_t top = i * at.stride_h - at.pad_top, left = j * at.stride_w - at.pad_left;
      const std::int64_t first_row = std::max<std::int64_t>(top, 0), last_row = std::min(top + at.kernel_h, at.h);
      const std::int64_t first = std::max<std::int64_t>(left, 0), last = std::min(left + at.kernel_w, at.w);
      for (std::int64_t row = first_row; row < last_row; ++row) {
        const float* const from = columns + ((row - top) * at.kernel_w + first - left) * at.c;
        float* const to = dx + (row * at.w + first) * at.c;
        for (std::int64_t k = 0; k < (last - first) * at.c; ++k) to[k] += from[k];
      }
    }
}

}  // namespace

std::optional<PreparedDataGradient<float>> columns_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine&, const Threads& threads) {
  if (!serves(window, filters)) return std::nullopt;
  const auto run = [=](const float* dy, const float* kernel, float* dx, std::byte* scratch) {
    threads.parallel(window.n, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
      float* const columns =
          reinterpret_cast<float*>(scratch + static_cast<std::size_t>(thread) * bytes_per_thread(window));
      for (std::int64_t image = begin; image < end; image += images_at_once(window)) {
        const std::int64_t images = std::min(images_at_once(window), end - image);
        onednn::gemm(Transpose::no, Transpose::yes, images * pixels_of_image(window), depth(window), filters,
                     dy + image * pixels_of_image(window) * filters, kernel, columns);
        for (std::int64_t i = 0; i < images; ++i)
          add_up(window, columns + i * pixels_of_image(window) * depth(window),
                 dx + (image + i) * window.h * window.w * window.c);
      }
    });
  };
  return PreparedDataGradient<float>{
      .name = "gemm, columns",
      .scratch_bytes = static_cast<std::size_t>(threads.count()) * bytes_per_thread(window),
      .run = run};
}

}  // namespace evenkeel::kernels::as_matmul
