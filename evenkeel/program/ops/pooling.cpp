#include "evenkeel/program/ops/pooling.h"

#include <fmt/format.h>

#include "evenkeel/kernels/pooling/list.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {
namespace {

std::vector<TensorType> infer_pool(const TensorType& x, const kernels::Window& w) {
  if (w.is_dilated() || w.has_empty_windows())
    throw Error{
        {.where = "window",
         .expected = "a window without dilation that always has a part of the image: padding below the kernel",
         .received = fmt::format("kernel {}x{}, dilation {}x{}, padding {}, {}, {}, {}", w.kernel_h, w.kernel_w,
                                 w.dilation_h, w.dilation_w, w.pad_top, w.pad_bottom(), w.pad_left, w.pad_right())}};
  return {{{w.n, w.oh, w.ow, w.c}, x.dtype}};
}

}  // namespace

std::vector<TensorType> MaxPool::infer(std::span<const TensorType> in) const {
  return infer_pool(in[0], over(in[0].shape));
}

std::string MaxPool::detail() const {
  return Windowed::detail() + (f_ == kernels::Activation::linear ? "" : ", " + kernels::name_of(f_));
}

void MaxPool::differentiate(Gradients& g) const {
  if (f_ != kernels::Activation::linear)
    throw Error{{.kind = Error::unsupported,
                 .where = "max_pool",
                 .received = "the gradient of a pooling with an activation is not defined"}};
  g.add(0, g.emit_one(MaxPoolGradient(window()), {g.input(0), g.output(0), g.of_output(0)}));
}

Kernel MaxPool::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::MaxPool{over(r.inputs[0].shape), f_}, r);
}

Kernel MaxPoolGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::MaxPoolGradient{over(r.inputs[0].shape)}, r);
}

std::vector<TensorType> AveragePool::infer(std::span<const TensorType> in) const {
  return infer_pool(in[0], over(in[0].shape));
}

void AveragePool::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(AveragePoolGradient(window(), g.input(0).shape()), {g.of_output(0)}));
}

Kernel AveragePool::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AveragePool{over(r.inputs[0].shape)}, r);
}

Kernel AveragePoolGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AveragePoolGradient{over(x_)}, r);
}

}  // namespace evenkeel::ops
