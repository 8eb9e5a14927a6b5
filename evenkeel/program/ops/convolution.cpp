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

void require_groups(std::int64_t groups, std::int64_t channels, std::int64_t filters) {
  if (groups >= 1 && channels % groups == 0 && filters % groups == 0) return;
  throw Error{{.where = "groups",
               .expected = fmt::format("a number that divides both {} channels and {} filters", channels, filters),
               .received = std::to_string(groups)}};
}

std::string GroupedWindow::detail() const {
  return Windowed::detail() + (groups_ == 1 ? "" : fmt::format(", {} groups", groups_));
}

kernels::Window GroupedWindow::over(const Shape& x) const {
  kernels::Window window = Windowed::over(x);
  window.groups = groups_;
  return window;
}

void GroupedWindow::require_kernel(const Shape& x, const TensorType& kernel) const {
  require_rank(kernel, 4, "kernel", "[height, width, in, out]");
  const Shape& k = kernel.shape;
  require_groups(groups_, x[3], k[3]);
  if (k[0] != window().kernel.h || k[1] != window().kernel.w || k[2] != x[3] / groups_)
    throw Error{{.where = "kernel",
                 .expected = fmt::format("[{}, {}, {}, filters]", window().kernel.h, window().kernel.w, x[3] / groups_),
                 .received = to_string(k)}};
}

std::string Convolution::detail() const {
  std::string text = GroupedWindow::detail();
  if (f_ != kernels::Activation::linear) text += fmt::format(", {}", kernels::name_of(f_));
  return text;
}

std::vector<TensorType> Convolution::infer(std::span<const TensorType> in) const {
  const kernels::Window w = over(in[0].shape);
  require_kernel(in[0].shape, in[1]);
  const TensorType y{{w.n, w.oh, w.ow, in[1].shape[3]}, in[0].dtype};
  if (in.size() > 2 && in[2].shape.rank() > 0) require_per_channel(y, in[2], "bias");
  if (in.size() > 3) require_same(y, in[3], "addend");
  return {y};
}

void Convolution::differentiate(Gradients& g) const {
  const Value dy = differentiate_bias(g, f_, 2);
  if (g.wanted(1)) g.add(1, g.emit_one(ConvolutionKernelGradient(window(), groups()), {g.input(0), dy}));
  if (g.wanted(0))
    g.add(0, g.emit_one(ConvolutionDataGradient(window(), g.input(0).shape(), groups()), {dy, g.input(1)}));
}

std::shared_ptr<const Op> Convolution::with_activation(kernels::Activation f) const {
  if (f_ != kernels::Activation::linear) return nullptr;
  return std::make_shared<const Convolution>(window(), groups(), f);
}

Kernel Convolution::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Convolution{.window = over(r.inputs[0].shape), .f = f_}, r);
}

double Convolution::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return convolution_flops(in[1], out[0]);
}

std::vector<TensorType> ConvolutionDataGradient::infer(std::span<const TensorType> in) const {
  const kernels::Window w = over(x_);
  require_kernel(x_, in[1]);
  const Shape seen{w.n, w.oh, w.ow, in[1].shape[3]};
  if (in[0].shape != seen)
    throw Error{{.where = "input", .expected = to_string(seen), .received = to_string(in[0].shape)}};
  return {{x_, in[0].dtype}};
}

void ConvolutionDataGradient::differentiate(Gradients& g) const {
  const Value dx = g.of_output(0);
  if (g.wanted(1)) g.add(1, g.emit_one(ConvolutionKernelGradient(window(), groups()), {dx, g.input(0)}));
  if (g.wanted(0)) g.add(0, g.emit_one(Convolution(window(), groups()), {dx, g.input(1)}));
}

Kernel ConvolutionDataGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::ConvolutionDataGradient{over(x_)}, r);
}

double ConvolutionDataGradient::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  return convolution_flops(in[1], in[0]);
}

std::vector<TensorType> ConvolutionKernelGradient::infer(std::span<const TensorType> in) const {
  return {{{window().kernel.h, window().kernel.w, in[0].shape[3] / groups(), in[1].shape[3]}, precise(in[0].dtype)}};
}

Kernel ConvolutionKernelGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::ConvolutionKernelGradient{over(r.inputs[0].shape)}, r);
}

double ConvolutionKernelGradient::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return convolution_flops(out[0], in[1]);
}

}  // namespace evenkeel::ops
