#include "evenkeel/program/ops/activation.h"

#include "evenkeel/kernels/elementwise/activation_reference.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

std::string Activation::detail() const { return std::string(kernels::name_of(f_)); }

std::vector<TensorType> Activation::infer(std::span<const TensorType> in) const { return {in[0]}; }

void Activation::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(ActivationGradient(f_), {g.output(0), g.of_output(0)}));
}

Kernel Activation::choose(const KernelRequest& request) const {
  return by_element(
      request,
      [f = f_]<class T>(const KernelCall& c, T) { kernels::activate<T>(f, c.in<T>(0), c.out<T>(0), c.threads()); },
      [f = f_](const KernelCall& c) { kernels::reference::activate<double>(f, c.in<double>(0), c.out<double>(0)); });
}

std::string ActivationGradient::detail() const { return std::string(kernels::name_of(f_)); }

std::vector<TensorType> ActivationGradient::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "activation gradient");
  return {in[1]};
}

Kernel ActivationGradient::choose(const KernelRequest& request) const {
  return by_element(
      request,
      [f = f_]<class T>(const KernelCall& c, T) {
        kernels::activate_gradient<T>(f, c.in<T>(0), c.in<T>(1), c.out<T>(0), c.threads());
      },
      [f = f_](const KernelCall& c) {
        kernels::reference::activate_gradient<double>(f, c.in<double>(0), c.in<double>(1), c.out<double>(0));
      });
}

std::vector<TensorType> Softmax::infer(std::span<const TensorType> in) const { return {in[0]}; }

void Softmax::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(SoftmaxGradient(), {g.output(0), g.of_output(0)}));
}

Kernel Softmax::choose(const KernelRequest& request) const {
  return by_precision(
      request, [](const KernelCall& c) { kernels::softmax(c.in_rows<float>(0), c.out_rows<float>(0), c.threads()); },
      [](const KernelCall& c) { kernels::reference::softmax<double>(c.in_rows<double>(0), c.out_rows<double>(0)); });
}

std::vector<TensorType> SoftmaxGradient::infer(std::span<const TensorType> in) const { return {in[1]}; }

Kernel SoftmaxGradient::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [](const KernelCall& c) {
        kernels::softmax_gradient(c.in_rows<float>(0), c.in_rows<float>(1), c.out_rows<float>(0), c.threads());
      },
      [](const KernelCall& c) {
        kernels::reference::softmax_gradient<double>(c.in_rows<double>(0), c.in_rows<double>(1), c.out_rows<double>(0));
      });
}

}  // namespace evenkeel::ops
