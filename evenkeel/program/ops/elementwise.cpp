#include "evenkeel/program/ops/elementwise.h"

#include <fmt/format.h>

#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

std::vector<TensorType> Pairwise::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], std::string(kind()).c_str());
  return {in[0]};
}

std::string Add::detail() const { return f_ == kernels::Activation::linear ? std::string() : kernels::name_of(f_); }

void Add::differentiate(Gradients& g) const {
  const Value dy = g.of_output(0);
  const bool is_sum = f_ == kernels::Activation::linear;
  const Value dz = is_sum ? dy : g.emit_one(ActivationGradient(f_), {g.output(0), dy});
  for (int i : {0, 1})
    if (g.wanted(i)) g.add(i, dz);
}

std::shared_ptr<const Op> Add::with_activation(kernels::Activation f) const {
  return f_ == kernels::Activation::linear ? std::make_shared<const Add>(f) : nullptr;
}

Kernel Add::choose(const KernelRequest& r) const { return kernels::choose(kernels::Add{f_}, r); }

void Subtract::differentiate(Gradients& g) const {
  if (g.wanted(0)) g.add(0, g.of_output(0));
  if (g.wanted(1)) g.add(1, g.emit_one(ScaleOffset(-1, 0), {g.of_output(0)}));
}

Kernel Subtract::choose(const KernelRequest& r) const { return kernels::choose(kernels::Subtract{}, r); }

void Multiply::differentiate(Gradients& g) const {
  if (g.wanted(0)) g.add(0, g.emit_one(Multiply(), {g.of_output(0), g.input(1)}));
  if (g.wanted(1)) g.add(1, g.emit_one(Multiply(), {g.of_output(0), g.input(0)}));
}

Kernel Multiply::choose(const KernelRequest& r) const { return kernels::choose(kernels::Multiply{}, r); }

std::string ScaleOffset::detail() const { return fmt::format("{:g} x + {:g}", scale_, offset_); }

std::vector<TensorType> ScaleOffset::infer(std::span<const TensorType> in) const {
  return {{in[0].shape, dtype_.value_or(in[0].dtype)}};
}

void ScaleOffset::differentiate(Gradients& g) const {
  Value dy = g.of_output(0);
  if (const DType dtype = g.input(0).type().dtype; dy.type().dtype != dtype) dy = g.emit_one(Cast(dtype), {dy});
  g.add(0, g.emit_one(ScaleOffset(scale_, 0), {dy}));
}

Kernel ScaleOffset::choose(const KernelRequest& r) const {
  const bool narrows = r.inputs[0].dtype != r.outputs[0].dtype;
  return kernels::choose(kernels::ScaleOffset{.scale = scale_, .offset = offset_, .narrows = narrows}, r);
}

std::vector<TensorType> Cast::infer(std::span<const TensorType> in) const { return {{in[0].shape, dtype_}}; }

void Cast::differentiate(Gradients& g) const {
  const Value dy = g.of_output(0);
  const DType dtype = g.input(0).type().dtype;
  g.add(0, dy.type().dtype == dtype ? dy : g.emit_one(Cast(dtype), {dy}));
}

Kernel Cast::choose(const KernelRequest& r) const { return kernels::choose(kernels::Cast{}, r); }

Value cast(Value x, DType dtype) {
  if (x.type().dtype == dtype) return x;
  return x.program().emit_one(Cast(dtype), {x}, x.name() + '/' + std::string(name_of(dtype)));
}

std::vector<TensorType> Rsqrt::infer(std::span<const TensorType> in) const { return {in[0]}; }

void Rsqrt::differentiate(Gradients& g) const {
  const Value y = g.output(0);
  const Value cube = g.emit_one(Multiply(), {g.emit_one(Multiply(), {y, y}), y});
  g.add(0, g.emit_one(Multiply(), {g.emit_one(ScaleOffset(-0.5, 0), {cube}), g.of_output(0)}));
}

Kernel Rsqrt::choose(const KernelRequest& r) const { return kernels::choose(kernels::Rsqrt{.epsilon = epsilon_}, r); }

std::vector<TensorType> Copy::infer(std::span<const TensorType> in) const { return {in[0]}; }

void Copy::differentiate(Gradients& g) const { g.add(0, g.of_output(0)); }

Kernel Copy::choose(const KernelRequest& r) const { return kernels::choose(kernels::Copy{}, r); }

}  // namespace evenkeel::ops
