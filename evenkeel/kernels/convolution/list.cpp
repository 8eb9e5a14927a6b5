#include "evenkeel/kernels/convolution/list.h"

#include <array>
#include <type_traits>

#include "evenkeel/kernels/convolution/columns.h"
#include "evenkeel/kernels/convolution/convolution.h"
#include "evenkeel/kernels/convolution/convolution_onednn.h"
#include "evenkeel/kernels/convolution/convolution_packed.h"
#include "evenkeel/kernels/convolution/convolution_reference.h"
#include "evenkeel/kernels/convolution/convolution_tiled.h"
#include "evenkeel/kernels/convolution/convolution_widened.h"
#include "evenkeel/kernels/convolution/depthwise.h"
#include "evenkeel/kernels/convolution/kernel_gradient_tiled.h"
#include "evenkeel/kernels/convolution/pointwise.h"
#include "evenkeel/kernels/convolution/pointwise_tiled.h"
#include "evenkeel/kernels/convolution/whole_image.h"
#include "evenkeel/kernels/convolution/winograd.h"
#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/elementwise/elementwise_reference.h"
#include "evenkeel/kernels/kernel_list.h"

namespace evenkeel::kernels {
namespace {

template <class T>
std::optional<PreparedForward<T>> reference_forward(const Window& window, std::int64_t filters, bool, Activation f,
                                                    const Machine&, const Threads&) {
  return PreparedForward<T>{.name = "reference",
                            .run = [=](const T* x, const T* kernel, const T* bias, T* y, std::byte*) {
                              reference::convolution<T>(window, filters, x, kernel, bias, f, y);
                            }};
}

template <class T>
std::optional<PreparedDataGradient<T>> reference_data_gradient(const Window& window, std::int64_t filters,
                                                               const Machine&, const Threads&) {
  return PreparedDataGradient<T>{.name = "reference", .run = [=](const T* dy, const T* kernel, T* dx, std::byte*) {
                                   reference::convolution_data_gradient<T>(window, filters, dy, kernel, dx);
                                 }};
}

template <class T>
std::optional<PreparedKernelGradient<T>> reference_kernel_gradient(const Window& window, std::int64_t filters,
                                                                   const Machine&, const Threads&) {
  return PreparedKernelGradient<T>{.name = "reference", .run = [=](const T* x, const T* dy, T* dkernel, std::byte*) {
                                     reference::convolution_kernel_gradient<T>(window, filters, x, dy, dkernel);
                                   }};
}

// The implementations, best first: the first that can serve a shape on this machine is used.
template <class T>
struct Implementations;

template <>
struct Implementations<float> {
  static constexpr std::array kForward = {
      &as_matmul::whole_image, &as_matmul::pointwise,       &depthwise::convolution<float>, &winograd::convolution,
      &tiled::convolution,     &onednn::convolution<float>, &reference_forward<float>};
  static constexpr std::array kDataGradient = {
      &as_matmul::whole_image_data_gradient,     &as_matmul::pointwise_data_gradient,
      &as_matmul::columns_data_gradient,         &depthwise::convolution_data_gradient<float>,
      &winograd::convolution_data_gradient,      &tiled::convolution_data_gradient,
      &onednn::convolution_data_gradient<float>, &reference_data_gradient<float>};
  static constexpr std::array kKernelGradient = {
      &as_matmul::whole_image_kernel_gradient,        &as_matmul::pointwise_kernel_gradient,
      &depthwise::convolution_kernel_gradient<float>, &tiled::convolution_kernel_gradient,
      &onednn::convolution_kernel_gradient<float>,    &reference_kernel_gradient<float>};
};

template <>  // the widened kernels use the lists of float
struct Implementations<bfloat16> {
  static constexpr std::array kForward = {&depthwise::convolution<bfloat16>, &onednn::convolution<bfloat16>,
                                          &widening::convolution};
  static constexpr std::array kDataGradient = {&depthwise::convolution_data_gradient<bfloat16>,
                                               &onednn::convolution_data_gradient<bfloat16>,
                                               &widening::convolution_data_gradient};
  static constexpr std::array kKernelGradient = {
      &packed::convolution_kernel_gradient, &depthwise::convolution_kernel_gradient<bfloat16>,
      &onednn::convolution_kernel_gradient<bfloat16>, &widening::convolution_kernel_gradient};
};

template <>
struct Implementations<double> {
  static constexpr std::array kForward = {&reference_forward<double>};
  static constexpr std::array kDataGradient = {&reference_data_gradient<double>};
  static constexpr std::array kKernelGradient = {&reference_kernel_gradient<double>};
};

template <class List, class... Arguments>
auto first_of(const List& list, const Arguments&... arguments) {
  for (const auto prepare : list)
    if (auto kernel = prepare(arguments...)) return *kernel;
  return *list.back()(arguments...);  // not reached: the last one serves everything
}

/// Makes a kernel of a program from a prepared kernel with two operands.
template <class T, class Out, class Prepared>
Kernel called(Prepared prepared) {
  return {.name = prepared.name,
          .run =
              [run = std::move(prepared.run)](const KernelCall& c) {
                run(c.in<T>(0).data(), c.in<T>(1).data(), c.out<Out>(0).data(), c.scratch().data());
              },
          .scratch_bytes = prepared.scratch_bytes};
}

}  // namespace

template <class T>
PreparedForward<T> prepare_convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                       const Machine& machine, const Threads& threads) {
  return first_of(Implementations<T>::kForward, window, filters, bias, f, machine, threads);
}

template <class T>
PreparedDataGradient<T> prepare_convolution_data_gradient(const Window& window, std::int64_t filters,
                                                          const Machine& machine, const Threads& threads) {
  return first_of(Implementations<T>::kDataGradient, window, filters, machine, threads);
}

template <class T>
PreparedKernelGradient<T> prepare_convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                              const Machine& machine, const Threads& threads) {
  return first_of(Implementations<T>::kKernelGradient, window, filters, machine, threads);
}

template decltype(prepare_convolution<float>) prepare_convolution<float>;
template decltype(prepare_convolution<bfloat16>) prepare_convolution<bfloat16>;
template decltype(prepare_convolution_data_gradient<float>) prepare_convolution_data_gradient<float>;
template decltype(prepare_convolution_data_gradient<bfloat16>) prepare_convolution_data_gradient<bfloat16>;
template decltype(prepare_convolution_kernel_gradient<float>) prepare_convolution_kernel_gradient<float>;
template decltype(prepare_convolution_kernel_gradient<bfloat16>) prepare_convolution_kernel_gradient<bfloat16>;

namespace {

/// Whether a pass over y after the convolution is better made image by image, while each is in a cache. The kernel is
/// then read once for each image.
template <class T>
bool repays_by_image(const Window& at, std::int64_t filters) {
  constexpr std::int64_t kLeastBytes = 1 << 18;
  const std::int64_t element = sizeof(T), image = at.oh * at.ow * filters * element;
  return at.n > 1 && image >= kLeastBytes && at.kernel_h * at.kernel_w * at.c / at.groups * filters * element <= image;
}

template <class T>
void add_to(std::span<const T> addend, Activation f, std::span<T> y, const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    reference::add<double>(y, addend, f, y);
  else
    add<T>(y, addend, f, y, threads);
}

/// A forward convolution, perhaps image by image, with what comes after it.
template <class T>
class ForwardKernel {
 public:
  ForwardKernel(const Convolution& task, const KernelRequest& r)
      : window_(task.window), filters_(r.outputs[0].shape[3]), f_(task.f), has_addend_(r.inputs.size() > 3) {
    const bool has_bias = r.inputs.size() > 2 && r.inputs[2].shape.rank() > 0;
    const auto prepare = [&](const Window& window) {
      return prepare_convolution<T>(window, filters_, has_bias, has_addend_ ? Activation::linear : f_, r.machine,
                                    r.threads);
    };
    prepared_ = prepare(window_);
    if (!(has_addend_ || prepared_.finishes_in_a_pass) || !repays_by_image<T>(window_, filters_)) return;
    calls_ = window_.n;
    window_.n = 1;
    prepared_ = prepare(window_);
  }

  Kernel kernel(bool is_constant) const {
    Kernel made{.name = prepared_.name, .run = {}, .scratch_bytes = prepared_.scratch_bytes};
    if (prepared_.pack && is_constant) {
      made.prepared_bytes = prepared_.packed_bytes;
      made.prepare = [pack = prepared_.pack](const KernelCall& c) {
        pack(c.in<T>(1).data(), c.prepared(), c.scratch().data());
      };
      made.run = [self = *this](const KernelCall& c) { self.run(c, self.prepared_.run_packed, c.prepared()); };
    } else {
      made.run = [self = *this](const KernelCall& c) { self.run(c, self.prepared_.run, c.in<T>(1).data()); };
    }
    return made;
  }

 private:
  template <class Run, class Weights>
  void run(const KernelCall& c, const Run& convolve, const Weights* kernel) const {
    const auto x_size = static_cast<std::size_t>(window_.n * window_.h * window_.w * window_.c);
    const auto y_size = static_cast<std::size_t>(window_.n * window_.oh * window_.ow * filters_);
    for (std::size_t i = 0; i < static_cast<std::size_t>(calls_); ++i) {
      const std::span<T> y = c.out<T>(0).subspan(i * y_size, y_size);
      convolve(c.in<T>(0).data() + i * x_size, kernel, c.in_if_any<Precise<T>>(2).data(), y.data(), c.scratch().data());
      if (has_addend_) add_to<T>(c.in<T>(3).subspan(i * y_size, y_size), f_, y, c.threads());
    }
  }

  Window window_;  ///< of one call
  std::int64_t filters_, calls_ = 1;
  Activation f_;
  bool has_addend_;
  PreparedForward<T> prepared_;
};

}  // namespace

Kernel choose(const Convolution& task, const KernelRequest& request) {
  const auto finished_in_registers = [](const Convolution& t, const KernelRequest& r, float) {
    return tiled::pointwise(t, r);
  };
  const auto with_passes = []<class T>(const Convolution& t, const KernelRequest& r, T) {
    return ForwardKernel<T>(t, r).kernel(r.is_constant(1));
  };
  return first_that_serves(task, request, {{kFloat, finished_in_registers}, {kAll, with_passes}});
}

Kernel choose(const ConvolutionDataGradient& task, const KernelRequest& request) {
  const auto prepare = []<class T>(const ConvolutionDataGradient& t, const KernelRequest& r, T) {
    return called<T, T>(prepare_convolution_data_gradient<T>(t.window, r.inputs[0].shape[3], r.machine, r.threads));
  };
  return first_that_serves(task, request, {{kAll, prepare}});
}

Kernel choose(const ConvolutionKernelGradient& task, const KernelRequest& request) {
  const auto prepare = []<class T>(const ConvolutionKernelGradient& t, const KernelRequest& r, T) {
    return called<T, Precise<T>>(
        prepare_convolution_kernel_gradient<T>(t.window, r.inputs[1].shape[3], r.machine, r.threads));
  };
  return first_that_serves(task, request, {{kAll, prepare}});
}

}  // namespace evenkeel::kernels
