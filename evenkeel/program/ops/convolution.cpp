#include "evenkeel/program/ops/convolution.h"

#include <fmt/format.h>

#include "evenkeel/kernels/convolution/convolution.h"
#include "evenkeel/kernels/convolution/convolution_reference.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

double convolution_flops(const TensorType& kernel, const TensorType& y) {
  const double pixels = static_cast<double>(y.shape.size() / y.shape.back());
  return 2.0 * pixels * static_cast<double>(kernel.shape.size());
}

}  // namespace

std::string Convolution::detail() const {
  std::string text = to_string(window_);
  if (f_ != kernels::Activation::linear) text += fmt::format(", {}", kernels::name_of(f_));
  return text;
}

std::vector<TensorType> Convolution::infer(std::span<const TensorType> in) const {
  const kernels::Window w = window_over(in[0].shape, window_);
  const Shape& kernel = in[1].shape;
  require_rank(in[1], 4, "kernel", "[height, width, in, out]");
  if (kernel[0] != w.kernel_h || kernel[1] != w.kernel_w || kernel[2] != w.c)
    throw Error{{.where = "kernel",
                 .expected = fmt::format("[{}, {}, {}, filters]", w.kernel_h, w.kernel_w, w.c),
                 .received = to_string(kernel)}};
  const TensorType y{{w.n, w.oh, w.ow, kernel[3]}, in[0].dtype};
  if (in.size() > 2 && in[2].shape.rank() > 0) require_per_channel(y, in[2], "bias");
  return {y};
}

void Convolution::differentiate(Gradients& g) const {
  const Value dy = differentiate_bias(g, f_, 2);
  if (g.wanted(1)) g.add(1, g.emit_one(ConvolutionKernelGradient(window_), {g.input(0), dy}));
  if (g.wanted(0)) g.add(0, g.emit_one(ConvolutionDataGradient(window_, g.input(0).shape()), {dy, g.input(1)}));
}

std::shared_ptr<const Op> Convolution::with_activation(kernels::Activation f) const {
  if (f_ != kernels::Activation::linear) return nullptr;
  return std::make_shared<const Convolution>(window_, f);
}

Kernel Convolution::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(r.inputs[0].shape, window_);
  const std::int64_t filters = r.outputs[0].shape[3];
  const auto bias = [](const KernelCall& c, auto zero) -> const decltype(zero)* {
    return c.has(2) ? c.in<decltype(zero)>(2).data() : nullptr;
  };
  if (r.real == DType::float64)
    return {.name = "reference", .run = [=, f = f_](const KernelCall& c) {
              kernels::reference::convolution<double>(w, filters, c.in<double>(0).data(), c.in<double>(1).data(),
                                                      bias(c, 0.0), f, c.out<double>(0).data());
            }};
  const bool has_bias = r.inputs.size() > 2 && r.inputs[2].shape.rank() > 0;
  const auto prepare = [&]<class T>(T) -> Kernel {
    auto prepared = kernels::prepare_convolution<T>(w, filters, has_bias, f_, r.machine, r.threads);
    return {.name = prepared.name,
            .run =
                [=, run = std::move(prepared.run)](const KernelCall& c) {
                  run(c.in<T>(0).data(), c.in<T>(1).data(), bias(c, 0.0f), c.out<T>(0).data(), c.scratch());
                },
            .scratch_bytes = prepared.scratch_bytes};
  };
  return r.inputs[0].dtype == DType::bfloat16 ? prepare(bfloat16{}) : prepare(float{});
}

double Convolution::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return convolution_flops(in[1], out[0]);
}

std::vector<TensorType> ConvolutionDataGradient::infer(std::span<const TensorType> in) const {
  return {{x_, in[0].dtype}};
}

Kernel ConvolutionDataGradient::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(x_, window_);
  const std::int64_t filters = r.inputs[0].shape[3];
  if (r.real == DType::float64)
    return {.name = "reference", .run = [=](const KernelCall& c) {
              kernels::reference::convolution_data_gradient<double>(w, filters, c.in<double>(0).data(),
                                                                    c.in<double>(1).data(), c.out<double>(0).data());
            }};
  const auto prepare = [&]<class T>(T) -> Kernel {
    auto prepared = kernels::prepare_convolution_data_gradient<T>(w, filters, r.machine, r.threads);
    return {
        .name = prepared.name,
        .run = [=, run = std::move(prepared.run)](
                   const KernelCall& c) { run(c.in<T>(0).data(), c.in<T>(1).data(), c.out<T>(0).data(), c.scratch()); },
        .scratch_bytes = prepared.scratch_bytes};
  };
  return r.inputs[0].dtype == DType::bfloat16 ? prepare(bfloat16{}) : prepare(float{});
}

double ConvolutionDataGradient::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  return convolution_flops(in[1], in[0]);
}

std::vector<TensorType> ConvolutionKernelGradient::infer(std::span<const TensorType> in) const {
  return {{{window_.kernel.h, window_.kernel.w, in[0].shape[3], in[1].shape[3]}, precise(in[0].dtype)}};
}

Kernel ConvolutionKernelGradient::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(r.inputs[0].shape, window_);
  const std::int64_t filters = r.inputs[1].shape[3];
  if (r.real == DType::float64)
    return {.name = "reference", .run = [=](const KernelCall& c) {
              kernels::reference::convolution_kernel_gradient<double>(w, filters, c.in<double>(0).data(),
                                                                      c.in<double>(1).data(), c.out<double>(0).data());
            }};
  const auto prepare = [&]<class T>(T) -> Kernel {
    auto prepared = kernels::prepare_convolution_kernel_gradient<T>(w, filters, r.machine, r.threads);
    return {.name = prepared.name,
            .run =
                [=, run = std::move(prepared.run)](const KernelCall& c) {
                  run(c.in<T>(0).data(), c.in<T>(1).data(), c.out<float>(0).data(), c.scratch());
                },
            .scratch_bytes = prepared.scratch_bytes};
  };
  return r.inputs[0].dtype == DType::bfloat16 ? prepare(bfloat16{}) : prepare(float{});
}

double ConvolutionKernelGradient::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return convolution_flops(out[0], in[1]);
}

}  // namespace evenkeel::ops
