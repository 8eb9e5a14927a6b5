#include "evenkeel/program/ops/pooling.h"

#include "evenkeel/kernels/pooling/list.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {
namespace {

std::vector<TensorType> infer_pool(const TensorType& x, const WindowOptions& options) {
  const kernels::Window w = window_over(x.shape, options);
  return {{{w.n, w.oh, w.ow, w.c}, x.dtype}};
}

}  // namespace

std::vector<TensorType> MaxPool::infer(std::span<const TensorType> in) const { return infer_pool(in[0], window_); }

void MaxPool::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(MaxPoolGradient(window_), {g.input(0), g.output(0), g.of_output(0)}));
}

Kernel MaxPool::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::MaxPool{window_over(r.inputs[0].shape, window_)}, r);
}

Kernel MaxPoolGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::MaxPoolGradient{window_over(r.inputs[0].shape, window_)}, r);
}

std::vector<TensorType> AveragePool::infer(std::span<const TensorType> in) const { return infer_pool(in[0], window_); }

void AveragePool::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(AveragePoolGradient(window_, g.input(0).shape()), {g.of_output(0)}));
}

Kernel AveragePool::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AveragePool{window_over(r.inputs[0].shape, window_)}, r);
}

Kernel AveragePoolGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AveragePoolGradient{window_over(x_, window_)}, r);
}

}  // namespace evenkeel::ops
