#include "evenkeel/program/ops/dense.h"

#include <fmt/format.h>

#include <stdexcept>

#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/kernels/normalization/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

using kernels::Transpose;

std::string MatMul::detail() const {
  return fmt::format("{} {}", a_ == Transpose::yes ? "a^T" : "a", b_ == Transpose::yes ? "b^T" : "b");
}

std::int64_t MatMul::inner(const TensorType& a) const { return a.shape[a_ == Transpose::yes ? 0 : 1]; }

std::vector<TensorType> MatMul::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 2, "input", "[N, features]");
  require_rank(in[1], 2, "kernel", "[features, units]");
  const bool ta = a_ == Transpose::yes, tb = b_ == Transpose::yes;
  if (inner(in[0]) != in[1].shape[tb ? 1 : 0])
    throw Error{{.where = "input",
                 .expected = fmt::format("{} features, as many as the kernel {} has", in[1].shape[tb ? 1 : 0],
                                         to_string(in[1].shape)),
                 .received = to_string(in[0].shape)}};
  return {{{in[0].shape[ta ? 1 : 0], in[1].shape[tb ? 0 : 1]}, ta ? precise(in[0].dtype) : in[0].dtype}};
}

void MatMul::differentiate(Gradients& g) const {
  if (a_ == Transpose::yes || b_ == Transpose::yes)
    throw Error{{.kind = Error::unsupported,
                 .where = "matmul",
                 .received = "the gradient of a transposed product is not defined"}};
  const Value dy = g.of_output(0);
  if (g.wanted(1)) g.add(1, g.emit_one(MatMul(Transpose::yes, Transpose::no), {g.input(0), dy}));
  if (g.wanted(0)) g.add(0, g.emit_one(MatMul(Transpose::no, Transpose::yes), {dy, g.input(1)}));
}

Kernel MatMul::choose(const KernelRequest& r) const {
  const Shape& y = r.outputs[0].shape;
  return kernels::choose(kernels::MatMul{.a = a_, .b = b_, .m = y[0], .n = y[1], .k = inner(r.inputs[0])}, r);
}

double MatMul::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return 2.0 * static_cast<double>(out[0].shape.size()) * static_cast<double>(inner(in[0]));
}

std::vector<TensorType> AddBias::infer(std::span<const TensorType> in) const {
  require_per_channel(in[0], in[1], "bias");
  return {in[0]};
}

std::string AddBias::detail() const { return f_ == kernels::Activation::linear ? std::string() : kernels::name_of(f_); }

void AddBias::differentiate(Gradients& g) const {
  const Value dx = differentiate_bias(g, f_, 1);
  if (g.wanted(0)) g.add(0, dx);
}

std::shared_ptr<const Op> AddBias::with_activation(kernels::Activation f) const {
  return f_ == kernels::Activation::linear ? std::make_shared<const AddBias>(f) : nullptr;
}

Kernel AddBias::choose(const KernelRequest& r) const { return kernels::choose(kernels::AddBias{f_}, r); }

std::string AddBiasGradient::detail() const { return kernels::name_of(f_); }

std::vector<TensorType> AddBiasGradient::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "bias gradient");
  return {in[1], {{in[1].shape.back()}, precise(in[1].dtype)}};
}

Kernel AddBiasGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AddBiasGradient{f_}, r);
}

Value differentiate_bias(Gradients& g, kernels::Activation f, int bias) {
  if (!f.is_monotone()) throw std::logic_error("the gradient of " + kernels::name_of(f) + " needs its input");
  const Value dy = g.of_output(0);
  if (f == kernels::Activation::linear) {
    if (g.wanted(bias)) g.add(bias, g.emit_one(ChannelSum(), {dy}));
    return dy;
  }
  if (!g.wanted(bias)) return g.emit_one(ActivationGradient(f), {g.output(0), dy});
  const auto both = g.emit(AddBiasGradient(f), {g.output(0), dy});
  g.add(bias, both[1]);
  return both[0];
}

std::vector<TensorType> ChannelSum::infer(std::span<const TensorType> in) const {
  return {{{in[0].shape.back()}, precise(in[0].dtype)}};
}

Kernel ChannelSum::choose(const KernelRequest& r) const { return kernels::choose(kernels::ChannelSum{}, r); }

}  // namespace evenkeel::ops
