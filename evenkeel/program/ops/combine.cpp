#include "evenkeel/program/ops/combine.h"

#include <algorithm>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/program.h"

namespace evenkeel::ops {
namespace {

using kernels::Combination;

[[noreturn]] void throw_unlike(const Shape& a, const Shape& b) {
  throw Error{{.where = "inputs",
               .expected = "shapes that are equal on each axis, or 1 on one of the two",
               .received = to_string_batched(a.without_first()) + " and " + to_string_batched(b.without_first())}};
}

kernels::Repetition repetition(const Shape& large, const Shape& small) {
  const auto over = kernels::repetition_of(large, small);
  if (!over) throw_unlike(large, small);
  return *over;
}

/// The shape that both are repeated to.
Shape joined(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) throw_unlike(a, b);
  Shape all = a;
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] != b[axis] && a[axis] != 1 && b[axis] != 1) throw_unlike(a, b);
    all = all.with(axis, std::max(a[axis], b[axis]));
  }
  return all;
}

}  // namespace

std::string_view Combine::kind() const {
  switch (how_) {
    case Combination::sum: return "add";
    case Combination::difference: return "subtract";
    case Combination::product: return "multiply";
    case Combination::maximum: return "maximum";
    case Combination::minimum: return "minimum";
    case Combination::slope: return "prelu";
  }
  return "";
}

std::vector<TensorType> Combine::infer(std::span<const TensorType> in) const {
  repetition(in[0].shape, in[1].shape);
  return {in[0]};
}

void Combine::differentiate(Gradients& g) const {
  const auto both = g.emit(CombineGradient(how_, b_is_parameter_), {g.input(0), g.input(1), g.of_output(0)});
  for (const int i : {0, 1})
    if (g.wanted(i)) g.add(i, both[static_cast<std::size_t>(i)]);
}

Kernel Combine::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Combine{how_, repetition(r.inputs[0].shape, r.inputs[1].shape)}, r);
}

std::string CombineGradient::detail() const { return std::string(Combine(how_).kind()); }

std::vector<TensorType> CombineGradient::infer(std::span<const TensorType> in) const {
  return {in[0], {in[1].shape, b_is_parameter_ ? precise(in[1].dtype) : in[1].dtype}};
}

Kernel CombineGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::CombineGradient{how_, repetition(r.inputs[0].shape, r.inputs[1].shape)}, r);
}

void Repeat::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(RepeatGradient(g.input(0).shape()), {g.of_output(0)}));
}

Kernel Repeat::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Repeat{repetition(shape_, r.inputs[0].shape)}, r);
}

Kernel RepeatGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::RepeatGradient{repetition(r.inputs[0].shape, shape_)}, r);
}

Value repeated(Value x, const Shape& shape) {
  while (x.shape() != shape) {
    Shape next = x.shape();
    bool began = false;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (next[axis] != shape[axis])
        began = true;
      else if (began && shape[axis] > 1)
        break;
      next = next.with(axis, shape[axis]);
    }
    x = x.program().emit_one(Repeat(next), {x});
  }
  return x;
}

Value combined(Combination how, Value a, Value b) {
  const Shape all = joined(a.shape(), b.shape());
  const bool commutes = how == Combination::sum || how == Combination::product;
  if (commutes && a.shape() != all) std::swap(a, b);
  a = repeated(a, all);
  if (!kernels::repetition_of(all, b.shape())) b = repeated(b, all);
  if (how == Combination::sum && b.shape() == all) return a.program().emit_one(Add(), {a, b});
  return a.program().emit_one(Combine(how), {a, b});
}

}  // namespace evenkeel::ops
