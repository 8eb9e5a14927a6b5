#include "evenkeel/kernels/onednn/convolution.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/onednn/engine.h"
#include "evenkeel/kernels/onednn/primitives.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels::onednn {
namespace {

using dnnl::memory;

memory::desc layout(const memory::dims& sizes, memory::format_tag tag) { return {sizes, memory::data_type::f32, tag}; }

/// Our layout of the kernel, [kernel_h, kernel_w, c, filters].
memory::desc our_kernel(const Window& window, std::int64_t filters) {
  return layout({filters, window.c, window.kernel_h, window.kernel_w}, memory::format_tag::hwio);
}

ConvolutionDesc describe(const Window& window, std::int64_t filters, bool bias = false) {
  return {.x = layout({window.n, window.c, window.h, window.w}, memory::format_tag::nhwc),
          .kernel = layout({filters, window.c, window.kernel_h, window.kernel_w}, memory::format_tag::any),
          .bias = bias ? layout({filters}, memory::format_tag::x) : memory::desc(),
          .y = layout({window.n, filters, window.oh, window.ow}, memory::format_tag::nhwc),
          .strides = {window.stride_h, window.stride_w},
          .pad_begin = {window.pad_top, window.pad_left},
          .pad_end = {window.pad_bottom(), window.pad_right()}};
}

/// The kernel on its way between our layout and oneDNN's, and the scratch memory that takes:
/// first the reordered kernel (nothing if the layouts are one), then what oneDNN itself asks for.
class KernelReorder {
 public:
  KernelReorder(const memory::desc& from, const memory::desc& to, std::size_t scratchpad) {
    if (from != to) {
      reorder_.emplace(from, to);
      copy_bytes_ = aligned_size(std::max(from.get_size(), to.get_size()));
    }
    scratch_bytes_ = copy_bytes_ + std::max(scratchpad, reorder_ ? reorder_->scratch_bytes() : 0);
  }
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  std::byte* scratchpad(std::byte* scratch) const { return scratch + copy_bytes_; }

  /// Takes the kernel to where oneDNN reads it.
  const void* bring(const float* kernel, std::byte* scratch) {
    if (!reorder_) return kernel;
    reorder_->run(kernel, scratch, scratchpad(scratch));
    return scratch;
  }
  /// Where oneDNN writes the kernel's gradient; and its way back from there.
  void* landing(float* dkernel, std::byte* scratch) const { return reorder_ ? static_cast<void*>(scratch) : dkernel; }
  void bring_back(float* dkernel, std::byte* scratch) {
    if (reorder_) reorder_->run(scratch, dkernel, scratchpad(scratch));
  }

 private:
  std::optional<Reorder> reorder_;
  std::size_t copy_bytes_ = 0;
  std::size_t scratch_bytes_ = 0;
};

struct Plan {
  KernelReorder kernel;
  Step step;
};

/// What `prepare` returns, or nothing where oneDNN says that it cannot serve such a convolution.
template <class Prepare>
auto if_served(const Threads& threads, Prepare prepare) -> std::optional<decltype(prepare())> {
  threads.bind();
  try {
    return prepare();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments) return std::nullopt;
    throw Error{{.where = "oneDNN", .received = error.what()}};
  }
}

/// oneDNN's first choice, brgconv, has a cost per row of pixels and tap that only many channels repay. Measured
/// with 2.6 on AVX-512 (bench/convolution_bench.cpp): "jit" is 1.1 to 5 times as fast below 32 channels (at worst 0.9),
/// and 1.1 to 2.1 times below 64 where strides leave small images.
bool has_too_little_for_brgconv(const Window& at) { return at.c < 32 || (at.c < 64 && at.stride_w > 1 && at.ow <= 4); }

/// "brgconv:avx512_core" -> "jit:avx512_core" for such a convolution.
std::string preferred(const Window& window, std::string_view first) {
  if (!first.starts_with("brgconv:") || !has_too_little_for_brgconv(window)) return std::string(first);
  return "jit" + std::string(first.substr(first.find(':')));
}

template <class PrimitiveDesc>
std::string name_of(const PrimitiveDesc& desc) {
  return std::string("onednn ") + desc.impl_info_str();
}

}  // namespace

std::optional<ConvolutionForward> convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                              const Machine&, const Threads& threads) {
  return if_served(threads, [&] {
    const auto desc = forward_primitive(describe(window, filters, bias),
                                        [&](std::string_view first) { return preferred(window, first); });
    const auto scratchpad = desc.scratchpad_desc();
    const auto y_size = static_cast<std::size_t>(window.n * window.oh * window.ow * filters);
    const auto plan =
        std::make_shared<Plan>(Plan{.kernel = {our_kernel(window, filters), desc.weights_desc(), scratchpad.get_size()},
                                    .step = {dnnl::convolution_forward(desc),
                                             {{DNNL_ARG_SRC, desc.src_desc()},
                                              {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                                              {DNNL_ARG_BIAS, desc.bias_desc()},
                                              {DNNL_ARG_DST, desc.dst_desc()},
                                              {DNNL_ARG_SCRATCHPAD, scratchpad}}}});
    return ConvolutionForward{
        .name = name_of(desc),
        .scratch_bytes = plan->kernel.scratch_bytes(),
        .run = [=](const float* x, const float* kernel, const float* b, float* y, std::byte* scratch) {
          plan->step.run({x, plan->kernel.bring(kernel, scratch), b, y, plan->kernel.scratchpad(scratch)});
          // Not oneDNN's own behind a convolution: its relu (and sigmoid on old processors) turns a NaN into a number.
          if (f != Activation::linear) activate(f, {y, y_size}, {y, y_size}, threads);
        }};
  });
}

std::optional<ConvolutionDataGradient> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine&, const Threads& threads) {
  return if_served(threads, [&] {
    const auto desc = data_gradient_primitive(describe(window, filters));
    const auto scratchpad = desc.scratchpad_desc();
    const auto plan =
        std::make_shared<Plan>(Plan{.kernel = {our_kernel(window, filters), desc.weights_desc(), scratchpad.get_size()},
                                    .step = {dnnl::convolution_backward_data(desc),
                                             {{DNNL_ARG_DIFF_DST, desc.diff_dst_desc()},
                                              {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                                              {DNNL_ARG_DIFF_SRC, desc.diff_src_desc()},
                                              {DNNL_ARG_SCRATCHPAD, scratchpad}}}});
    return ConvolutionDataGradient{
        .name = name_of(desc),
        .scratch_bytes = plan->kernel.scratch_bytes(),
        .run = [plan](const float* dy, const float* kernel, float* dx, std::byte* scratch) {
          plan->step.run({dy, plan->kernel.bring(kernel, scratch), dx, plan->kernel.scratchpad(scratch)});
        }};
  });
}

std::optional<ConvolutionKernelGradient> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine&, const Threads& threads) {
  return if_served(threads, [&] {
    const auto desc = kernel_gradient_primitive(describe(window, filters));
    const auto theirs = desc.diff_weights_desc();
    const auto scratchpad = desc.scratchpad_desc();
    const auto plan =
        std::make_shared<Plan>(Plan{.kernel = {theirs, our_kernel(window, filters), scratchpad.get_size()},
                                    .step = {dnnl::convolution_backward_weights(desc),
                                             {{DNNL_ARG_SRC, desc.src_desc()},
                                              {DNNL_ARG_DIFF_DST, desc.diff_dst_desc()},
                                              {DNNL_ARG_DIFF_WEIGHTS, theirs},
                                              {DNNL_ARG_SCRATCHPAD, scratchpad}}}});
    return ConvolutionKernelGradient{
        .name = name_of(desc),
        .scratch_bytes = plan->kernel.scratch_bytes(),
        .run = [plan](const float* x, const float* dy, float* dkernel, std::byte* scratch) {
          plan->step.run({x, dy, plan->kernel.landing(dkernel, scratch), plan->kernel.scratchpad(scratch)});
          plan->kernel.bring_back(dkernel, scratch);
        }};
  });
}

}  // namespace evenkeel::kernels::onednn
