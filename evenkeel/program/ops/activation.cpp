#include "evenkeel/program/ops/activation.h"

#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

std::string Activation::detail() const { return kernels::name_of(f_); }

std::vector<TensorType> Activation::infer(std::span<const TensorType> in) const { return {in[0]}; }

void Activation::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(ActivationGradient(f_), {f_.is_monotone() ? g.output(0) : g.input(0), g.of_output(0)}));
}

Kernel Activation::choose(const KernelRequest& r) const { return kernels::choose(kernels::Activate{f_}, r); }

std::string ActivationGradient::detail() const { return kernels::name_of(f_); }

std::vector<TensorType> ActivationGradient::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "activation gradient");
  return {in[1]};
}

Kernel ActivationGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::ActivateGradient{f_}, r);
}

std::vector<TensorType> Softmax::infer(std::span<const TensorType> in) const { return {in[0]}; }

void Softmax::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(SoftmaxGradient(is_log_), {g.output(0), g.of_output(0)}));
}

Kernel Softmax::choose(const KernelRequest& r) const { return kernels::choose(kernels::Softmax{is_log_}, r); }

std::vector<TensorType> SoftmaxGradient::infer(std::span<const TensorType> in) const { return {in[1]}; }

Kernel SoftmaxGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::SoftmaxGradient{is_log_}, r);
}

}  // namespace evenkeel::ops
