#include "evenkeel/kernels/convolution/convolution_onednn.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "evenkeel/kernels/onednn/engine.h"
#include "evenkeel/kernels/onednn/primitives.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels::onednn {
namespace {

using dnnl::memory;

template <class T>
constexpr memory::data_type kType = std::is_same_v<T, float> ? memory::data_type::f32 : memory::data_type::bf16;

template <class T>
memory::desc layout(const memory::dims& sizes, memory::format_tag tag) {
  return {sizes, kType<T>, tag};
}

/// The kernel in oneDNN's logical order: groups (if there are any), then filters, channels, height, width.
memory::dims kernel_sizes(const Window& at, std::int64_t filters) {
  memory::dims sizes{filters / at.groups, at.c / at.groups, at.kernel_h, at.kernel_w};
  if (at.groups > 1) sizes.insert(sizes.begin(), at.groups);
  return sizes;
}

/// Our layout of the kernel, [kernel_h, kernel_w, c / groups, filters]: the filters of a group are neighbours.
template <class T>
memory::desc our_kernel(const Window& at, std::int64_t filters) {
  const std::int64_t inputs = at.c / at.groups;
  memory::dims strides{1, filters, at.kernel_w * inputs * filters, inputs * filters};
  if (at.groups > 1) strides.insert(strides.begin(), filters / at.groups);
  return {kernel_sizes(at, filters), kType<T>, strides};
}

/// Measured and tested with windows that see the image. Whoever wants others gets the reference.
bool serves(const Window& at) { return !at.has_empty_windows(); }

template <class T>
ConvolutionDesc describe(const Window& window, std::int64_t filters, bool bias = false) {
  const memory::dims kernel = kernel_sizes(window, filters);
  return {.x = layout<T>({window.n, window.c, window.h, window.w}, memory::format_tag::nhwc),
          .kernel = layout<T>(kernel, memory::format_tag::any),
          .dkernel = layout<float>(kernel, memory::format_tag::any),
          .bias = bias ? layout<float>({filters}, memory::format_tag::x) : memory::desc(),
          .y = layout<T>({window.n, filters, window.oh, window.ow}, memory::format_tag::nhwc),
          .strides = {window.stride_h, window.stride_w},
          .dilates = {window.dilation_h - 1, window.dilation_w - 1},
          .pad_begin = {window.pad_top, window.pad_left},
          .pad_end = {window.pad_bottom(), window.pad_right()}};
}

/// Converts the kernel between our layout and oneDNN's. The scratch memory holds first the reordered kernel (nothing if
/// the layouts are equal), then oneDNN's own scratch memory.
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

  std::size_t copy_bytes() const { return copy_bytes_; }  ///< of the reordered kernel; 0 if there is nothing to reorder

  /// Puts the kernel where oneDNN reads it.
  const void* bring(const void* kernel, std::byte* scratch) {
    if (!reorder_) return kernel;
    copy(kernel, scratch, scratch);
    return scratch;
  }
  void copy(const void* kernel, std::byte* to, std::byte* scratch) { reorder_->run(kernel, to, scratchpad(scratch)); }
  /// Where oneDNN writes the kernel's gradient, and the conversion back to our layout.
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

/// oneDNN's first choice, brgconv, has a cost per row of pixels and tap that pays off only with many channels. Measured
/// with 2.6 on AVX-512 (bench/convolution_bench.cpp): "jit" is 1.1 to 5 times as fast below 32 channels (at worst 0.9),
/// and 1.1 to 2.1 times below 64 where strides leave small images.
bool has_too_little_for_brgconv(const Window& at) { return at.c < 32 || (at.c < 64 && at.stride_w > 1 && at.ow <= 4); }

/// "brgconv:avx512_core" -> "jit:avx512_core" for such a convolution. In bfloat16 without tiles jit is faster for all
/// of the workloads' convolutions, 1.0 to 1.8 times (AMD).
std::string preferred(const Window& window, std::string_view first) {
  if (first == "brgconv:avx512_core_bf16") return "jit_bf16:avx512_core_bf16";
  if (!first.starts_with("brgconv:") || !has_too_little_for_brgconv(window)) return std::string(first);
  return "jit" + std::string(first.substr(first.find(':')));
}

std::int64_t pixels(const Window& at) { return at.n * at.oh * at.ow; }

// Where oneDNN's bfloat16 is faster than the float kernels with casts around them. Measured with 2.6, the convolutions
// of docs/studies/depth.md at batch 64 and square ones of 4 to 32 channels. On AMX it has 1.2 to 6 times their speed
// beyond these bounds; within them a cost per call (copies into tiles of 16 or 32 channels) makes it up to 10 times
// slower. On AMD's dot products it has 1.5 to 2.4 times their speed forward and 1.5 to 2.7 times in the data gradient.
bool repays_bfloat16(const Window& at, const Machine& machine) {
  return at.c > 1 && pixels(at) >= (machine.amx_bf16 ? 1024 : 256);
}
bool data_gradient_repays_bfloat16(const Window& at, const Machine& machine) {
  if (!machine.amx_bf16) return at.c > 1 && pixels(at) >= 256;
  return at.c > 1 && at.stride_h * at.stride_w == 1 && pixels(at) >= 2048;
}
bool kernel_gradient_repays_bfloat16(const Window& at) { return at.c >= 12 && pixels(at) >= 8192; }

template <class PrimitiveDesc>
std::string name_of(const PrimitiveDesc& desc) {
  return std::string("onednn ") + desc.impl_info_str();
}

}  // namespace

template <class T>
std::optional<PreparedForward<T>> convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                              const Machine& machine, const Threads& threads) {
  if (!serves(window)) return std::nullopt;
  if (std::is_same_v<T, bfloat16> && !(machine.is_faster_in_bfloat16() && repays_bfloat16(window, machine)))
    return std::nullopt;
  return if_served(threads, [&] {
    const auto desc = forward_primitive(describe<T>(window, filters, bias),
                                        [&](std::string_view first) { return preferred(window, first); });
    const auto scratchpad = desc.scratchpad_desc();
    const auto y_size = static_cast<std::size_t>(window.n * window.oh * window.ow * filters);
    const auto plan = std::make_shared<Plan>(
        Plan{.kernel = {our_kernel<T>(window, filters), desc.weights_desc(), scratchpad.get_size()},
             .step = {dnnl::convolution_forward(desc),
                      {{DNNL_ARG_SRC, desc.src_desc()},
                       {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                       {DNNL_ARG_BIAS, desc.bias_desc()},
                       {DNNL_ARG_DST, desc.dst_desc()},
                       {DNNL_ARG_SCRATCHPAD, scratchpad}}}});
    const auto compute = [=](const T* x, const void* kernel, const float* b, T* y, std::byte* scratch) {
      plan->step.run({x, kernel, b, y, plan->kernel.scratchpad(scratch)});
      // We do not use oneDNN's activation after a convolution: its relu (and its sigmoid on old processors) turns NaN
      // into a number.
      if (f != Activation::linear) activate<T>(f, {y, y_size}, {y, y_size}, threads);
    };
    PreparedForward<T> prepared{.name = name_of(desc),
                                .scratch_bytes = plan->kernel.scratch_bytes(),
                                .run = [=](const T* x, const T* kernel, const float* b, T* y, std::byte* scratch) {
                                  compute(x, plan->kernel.bring(kernel, scratch), b, y, scratch);
                                }};
    prepared.finishes_in_a_pass = f != Activation::linear;
    if (plan->kernel.copy_bytes() > 0) {
      prepared.packed_bytes = plan->kernel.copy_bytes();
      prepared.pack = [plan](const T* kernel, std::byte* packed, std::byte* scratch) {
        plan->kernel.copy(kernel, packed, scratch);
      };
      prepared.run_packed = compute;
    }
    return prepared;
  });
}

template <class T>
std::optional<PreparedDataGradient<T>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine& machine, const Threads& threads) {
  if (!serves(window)) return std::nullopt;
  if (std::is_same_v<T, bfloat16> &&
      !(machine.is_faster_in_bfloat16() && data_gradient_repays_bfloat16(window, machine)))
    return std::nullopt;
  return if_served(threads, [&] {
    const auto desc = data_gradient_primitive(describe<T>(window, filters));
    const auto scratchpad = desc.scratchpad_desc();
    const auto plan = std::make_shared<Plan>(
        Plan{.kernel = {our_kernel<T>(window, filters), desc.weights_desc(), scratchpad.get_size()},
             .step = {dnnl::convolution_backward_data(desc),
                      {{DNNL_ARG_DIFF_DST, desc.diff_dst_desc()},
                       {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                       {DNNL_ARG_DIFF_SRC, desc.diff_src_desc()},
                       {DNNL_ARG_SCRATCHPAD, scratchpad}}}});
    return PreparedDataGradient<T>{
        .name = name_of(desc),
        .scratch_bytes = plan->kernel.scratch_bytes(),
        .run = [plan](const T* dy, const T* kernel, T* dx, std::byte* scratch) {
          plan->step.run({dy, plan->kernel.bring(kernel, scratch), dx, plan->kernel.scratchpad(scratch)});
        }};
  });
}

template <class T>
std::optional<PreparedKernelGradient<T>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads) {
  if (!serves(window)) return std::nullopt;
  // 2.6's own for 1x1 kernels with a stride writes past its scratch memory (image 6x7, stride 2x1).
  if (window.kernel_h * window.kernel_w == 1 && window.stride_h * window.stride_w > 1) return std::nullopt;
  if (std::is_same_v<T, bfloat16> && !(machine.is_faster_in_bfloat16() && kernel_gradient_repays_bfloat16(window)))
    return std::nullopt;
  return if_served(threads, [&] {
    const auto desc = kernel_gradient_primitive(describe<T>(window, filters));
    const auto theirs = desc.diff_weights_desc();
    const auto scratchpad = desc.scratchpad_desc();
    const auto plan =
        std::make_shared<Plan>(Plan{.kernel = {theirs, our_kernel<float>(window, filters), scratchpad.get_size()},
                                    .step = {dnnl::convolution_backward_weights(desc),
                                             {{DNNL_ARG_SRC, desc.src_desc()},
                                              {DNNL_ARG_DIFF_DST, desc.diff_dst_desc()},
                                              {DNNL_ARG_DIFF_WEIGHTS, theirs},
                                              {DNNL_ARG_SCRATCHPAD, scratchpad}}}});
    return PreparedKernelGradient<T>{
        .name = name_of(desc),
        .scratch_bytes = plan->kernel.scratch_bytes(),
        .run = [plan](const T* x, const T* dy, float* dkernel, std::byte* scratch) {
          plan->step.run({x, dy, plan->kernel.landing(dkernel, scratch), plan->kernel.scratchpad(scratch)});
          plan->kernel.bring_back(dkernel, scratch);
        }};
  });
}

template decltype(convolution<float>) convolution<float>;
template decltype(convolution<bfloat16>) convolution<bfloat16>;
template decltype(convolution_data_gradient<float>) convolution_data_gradient<float>;
template decltype(convolution_data_gradient<bfloat16>) convolution_data_gradient<bfloat16>;
template decltype(convolution_kernel_gradient<float>) convolution_kernel_gradient<float>;
template decltype(convolution_kernel_gradient<bfloat16>) convolution_kernel_gradient<bfloat16>;

}  // namespace evenkeel::kernels::onednn
