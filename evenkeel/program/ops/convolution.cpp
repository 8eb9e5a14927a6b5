#include "evenkeel/program/ops/convolution.h"

#include <fmt/format.h>

#include "evenkeel/kernels/convolution/list.h"
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
  std::string text = Windowed::detail();
  if (f_ != kernels::Activation::linear) text += fmt::format(", {}", kernels::name_of(f_));
  return text;
}

std::vector<TensorType> Convolution::infer(std::span<const TensorType> in) const {
  const kernels::Window w = over(in[0].shape);
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
  if (g.wanted(1)) g.add(1, g.emit_one(ConvolutionKernelGradient(window()), {g.input(0), dy}));
  if (g.wanted(0)) g.add(0, g.emit_one(ConvolutionDataGradient(window(), g.input(0).shape()), {dy, g.input(1)}));
}

std::shared_ptr<const Op> Convolution::with_activation(kernels::Activation f) const {
  if (f_ != kernels::Activation::linear) return nullptr;
  return std::make_shared<const Convolution>(window(), f);
}

Kernel Convolution::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Convolution{.window = over(r.inputs[0].shape), .f = f_}, r);
}

double Convolution::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return convolution_flops(in[1], out[0]);
}

std::vector<TensorType> ConvolutionDataGradient::infer(std::span<const TensorType> in) const {
  return {{x_, in[0].dtype}};
}

Kernel ConvolutionDataGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::ConvolutionDataGradient{over(x_)}, r);
}

double ConvolutionDataGradient::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  return convolution_flops(in[1], in[0]);
}

std::vector<TensorType> ConvolutionKernelGradient::infer(std::span<const TensorType> in) const {
  return {{{window().kernel.h, window().kernel.w, in[0].shape[3], in[1].shape[3]}, precise(in[0].dtype)}};
}

Kernel ConvolutionKernelGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::ConvolutionKernelGradient{over(r.inputs[0].shape)}, r);
}

double ConvolutionKernelGradient::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return convolution_flops(out[0], in[1]);
}

}  // namespace evenkeel::ops
