#include "evenkeel/kernels/convolution/convolution_widened.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "evenkeel/kernels/bfloat16/staging.h"

namespace evenkeel::kernels::widening {
namespace {

struct Sizes {
  Sizes(const Window& w, std::int64_t filters)
      : x(w.h * w.w * w.c), kernel(w.kernel_h * w.kernel_w * w.c / w.groups * filters), y(w.oh * w.ow * filters) {}
  std::int64_t x, kernel, y;  ///< elements; of x and y, those of one image
};

/// The float kernel for so many images at a time that their floats stay in the level-2 caches, and the one for the
/// remaining images.
template <class Kernel>
class Parts {
 public:
  template <class Prepare>  // Kernel(const Window&)
  Parts(const Window& window, const Sizes& one, const Threads& threads, const Prepare& prepare)
      : n_(window.n), images_(at_once(window, one, threads)), whole_(prepare(of(window, images_))) {
    if (n_ % images_ != 0) rest_.emplace(prepare(of(window, n_ % images_)));
  }

  std::string name() const { return whole_.name + ", widened to float"; }
  /// Bytes for the kernel and a part's x and y as floats, and for the float kernel's own scratch memory.
  std::size_t scratch_bytes(const Sizes& one) const {
    return Staging::bytes_for(one.kernel) + Staging::bytes_for(images_ * one.x) + Staging::bytes_for(images_ * one.y) +
           std::max(whole_.scratch_bytes, rest_ ? rest_->scratch_bytes : 0);
  }

  /// Calls f(first image, images, kernel) for each part.
  template <class F>
  void each(const F& f) const {
    for (std::int64_t first = 0; first < n_; first += images_) {
      const std::int64_t images = std::min(images_, n_ - first);
      f(first, images, images == images_ ? whole_ : *rest_);
    }
  }

 private:
  static std::int64_t at_once(const Window& window, const Sizes& one, const Threads& threads) {
    constexpr std::int64_t kBytes = 1 << 20;  // of a thread
    const std::int64_t fit = kBytes * threads.count() / ((one.x + one.y) * std::int64_t{sizeof(float)});
    return std::clamp(fit / threads.count() * threads.count(), std::int64_t{1}, window.n);
  }
  static Window of(Window window, std::int64_t images) {
    window.n = images;
    return window;
  }

  std::int64_t n_, images_;
  Kernel whole_;
  std::optional<Kernel> rest_;
};

}  // namespace

std::optional<PreparedForward<bfloat16>> convolution(const Window& window, std::int64_t filters, bool bias,
                                                     Activation f, const Machine& machine, const Threads& threads) {
  const Sizes one(window, filters);
  const Parts<PreparedForward<float>> parts(window, one, threads, [&](const Window& part) {
    return prepare_convolution(part, filters, bias, f, machine, threads);
  });
  return PreparedForward<bfloat16>{
      .name = parts.name(),
      .scratch_bytes = parts.scratch_bytes(one),
      .run = [=](const bfloat16* x, const bfloat16* kernel, const float* b, bfloat16* y, std::byte* scratch) {
        Staging kept(scratch, threads);
        const float* const wide_kernel = kept.widened(kernel, one.kernel);
        parts.each([&](std::int64_t first, std::int64_t images, const PreparedForward<float>& part) {
          Staging staging(kept.rest(), threads);
          const float* const wide_x = staging.widened(x + first * one.x, images * one.x);
          float* const wide_y = staging.room(images * one.y);
          part.run(wide_x, wide_kernel, b, wide_y, staging.rest());
          staging.narrow(wide_y, y + first * one.y, images * one.y);
        });
      }};
}

std::optional<PreparedDataGradient<bfloat16>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                        const Machine& machine,
                                                                        const Threads& threads) {
  const Sizes one(window, filters);
  const Parts<PreparedDataGradient<float>> parts(window, one, threads, [&](const Window& part) {
    return prepare_convolution_data_gradient(part, filters, machine, threads);
  });
  return PreparedDataGradient<bfloat16>{
      .name = parts.name(),
      .scratch_bytes = parts.scratch_bytes(one),
      .run = [=](const bfloat16* dy, const bfloat16* kernel, bfloat16* dx, std::byte* scratch) {
        Staging kept(scratch, threads);
        const float* const wide_kernel = kept.widened(kernel, one.kernel);
        parts.each([&](std::int64_t first, std::int64_t images, const PreparedDataGradient<float>& part) {
          Staging staging(kept.rest(), threads);
          const float* const wide_dy = staging.widened(dy + first * one.y, images * one.y);
          float* const wide_dx = staging.room(images * one.x);
          part.run(wide_dy, wide_kernel, wide_dx, staging.rest());
          staging.narrow(wide_dx, dx + first * one.x, images * one.x);
        });
      }};
}

std::optional<PreparedKernelGradient<bfloat16>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                            const Machine& machine,
                                                                            const Threads& threads) {
  const Sizes one(window, filters);
  const Parts<PreparedKernelGradient<float>> parts(window, one, threads, [&](const Window& part) {
    return prepare_convolution_kernel_gradient(part, filters, machine, threads);
  });
  return PreparedKernelGradient<bfloat16>{
      .name = parts.name(),
      .scratch_bytes = parts.scratch_bytes(one),
      .run = [=](const bfloat16* x, const bfloat16* dy, float* dkernel, std::byte* scratch) {
        Staging kept(scratch, threads);
        float* const sums = kept.room(one.kernel);
        parts.each([&](std::int64_t first, std::int64_t images, const PreparedKernelGradient<float>& part) {
          Staging staging(kept.rest(), threads);
          const float* const wide_x = staging.widened(x + first * one.x, images * one.x);
          const float* const wide_dy = staging.widened(dy + first * one.y, images * one.y);
          part.run(wide_x, wide_dy, first == 0 ? dkernel : sums, staging.rest());
          if (first > 0) std::transform(dkernel, dkernel + one.kernel, sums, dkernel, std::plus<>());
        });
      }};
}

}  // namespace evenkeel::kernels::widening
