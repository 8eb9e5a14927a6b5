#include "evenkeel/program/ops/pooling.h"

#include "evenkeel/kernels/pooling/pooling.h"
#include "evenkeel/kernels/pooling/pooling_reference.h"
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
  const kernels::Window w = window_over(r.inputs[0].shape, window_);
  return by_element(
      r, [w]<class T>(const KernelCall& c, T) { kernels::max_pool<T>(w, c.in<T>(0), c.out<T>(0), c.threads()); },
      [w](const KernelCall& c) { kernels::reference::max_pool<double>(w, c.in<double>(0), c.out<double>(0)); });
}

Kernel MaxPoolGradient::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(r.inputs[0].shape, window_);
  return by_element(
      r,
      [w]<class T>(const KernelCall& c, T) {
        kernels::max_pool_gradient<T>(w, c.in<T>(0), c.in<T>(1), c.in<T>(2), c.out<T>(0), c.threads());
      },
      [w](const KernelCall& c) {
        kernels::reference::max_pool_gradient<double>(w, c.in<double>(0), c.in<double>(1), c.in<double>(2),
                                                      c.out<double>(0));
      });
}

std::vector<TensorType> AveragePool::infer(std::span<const TensorType> in) const { return infer_pool(in[0], window_); }

void AveragePool::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(AveragePoolGradient(window_, g.input(0).shape()), {g.of_output(0)}));
}

Kernel AveragePool::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(r.inputs[0].shape, window_);
  return by_element(
      r, [w]<class T>(const KernelCall& c, T) { kernels::average_pool<T>(w, c.in<T>(0), c.out<T>(0), c.threads()); },
      [w](const KernelCall& c) { kernels::reference::average_pool<double>(w, c.in<double>(0), c.out<double>(0)); });
}

Kernel AveragePoolGradient::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(x_, window_);
  return by_element(
      r,
      [w]<class T>(const KernelCall& c, T) {
        kernels::average_pool_gradient<T>(w, c.in<T>(0), c.out<T>(0), c.threads());
      },
      [w](const KernelCall& c) {
        kernels::reference::average_pool_gradient<double>(w, c.in<double>(0), c.out<double>(0));
      });
}

}  // namespace evenkeel::ops
