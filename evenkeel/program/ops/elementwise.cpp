#include "evenkeel/program/ops/elementwise.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/elementwise/elementwise_reference.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

std::vector<TensorType> infer_pair(std::span<const TensorType> in, const char* what) {
  require_same(in[0], in[1], what);
  return {in[0]};
}

}  // namespace

std::vector<TensorType> Add::infer(std::span<const TensorType> in) const { return infer_pair(in, "add"); }

void Add::differentiate(Gradients& g) const {
  for (int i : {0, 1})
    if (g.wanted(i)) g.add(i, g.of_output(0));
}

Kernel Add::choose(const KernelRequest& request) const {
  return by_element(
      request,
      []<class T>(const KernelCall& c, T) { kernels::add<T>(c.in<T>(0), c.in<T>(1), c.out<T>(0), c.threads()); },
      [](const KernelCall& c) { kernels::reference::add<double>(c.in<double>(0), c.in<double>(1), c.out<double>(0)); });
}

std::vector<TensorType> Subtract::infer(std::span<const TensorType> in) const { return infer_pair(in, "subtract"); }

void Subtract::differentiate(Gradients& g) const {
  if (g.wanted(0)) g.add(0, g.of_output(0));
  if (g.wanted(1)) g.add(1, g.emit_one(ScaleOffset(-1, 0), {g.of_output(0)}));
}

Kernel Subtract::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [](const KernelCall& c) { kernels::subtract(c.in<float>(0), c.in<float>(1), c.out<float>(0), c.threads()); },
      [](const KernelCall& c) {
        kernels::reference::subtract<double>(c.in<double>(0), c.in<double>(1), c.out<double>(0));
      });
}

std::vector<TensorType> Multiply::infer(std::span<const TensorType> in) const { return infer_pair(in, "multiply"); }

void Multiply::differentiate(Gradients& g) const {
  if (g.wanted(0)) g.add(0, g.emit_one(Multiply(), {g.of_output(0), g.input(1)}));
  if (g.wanted(1)) g.add(1, g.emit_one(Multiply(), {g.of_output(0), g.input(0)}));
}

Kernel Multiply::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [](const KernelCall& c) { kernels::multiply(c.in<float>(0), c.in<float>(1), c.out<float>(0), c.threads()); },
      [](const KernelCall& c) {
        kernels::reference::multiply<double>(c.in<double>(0), c.in<double>(1), c.out<double>(0));
      });
}

std::string ScaleOffset::detail() const { return fmt::format("{:g} x + {:g}", scale_, offset_); }

std::vector<TensorType> ScaleOffset::infer(std::span<const TensorType> in) const {
  return {{in[0].shape, dtype_.value_or(in[0].dtype)}};
}

void ScaleOffset::differentiate(Gradients& g) const {
  Value dy = g.of_output(0);
  if (const DType dtype = g.input(0).type().dtype; dy.type().dtype != dtype) dy = g.emit_one(Cast(dtype), {dy});
  g.add(0, g.emit_one(ScaleOffset(scale_, 0), {dy}));
}

Kernel ScaleOffset::choose(const KernelRequest& request) const {
  const auto scale = static_cast<float>(scale_), offset = static_cast<float>(offset_);
  if (request.inputs[0].dtype != request.outputs[0].dtype)
    return {.name = "simd", .run = [=](const KernelCall& c) {
              kernels::scale_offset(c.in<float>(0), scale, offset, c.out<bfloat16>(0), c.threads());
            }};
  return by_element(
      request,
      [=]<class T>(const KernelCall& c, T) {
        kernels::scale_offset<T>(c.in<T>(0), scale, offset, c.out<T>(0), c.threads());
      },
      [scale = scale_, offset = offset_](const KernelCall& c) {
        kernels::reference::scale_offset<double>(c.in<double>(0), scale, offset, c.out<double>(0));
      });
}

std::vector<TensorType> Cast::infer(std::span<const TensorType> in) const { return {{in[0].shape, dtype_}}; }

void Cast::differentiate(Gradients& g) const {
  const Value dy = g.of_output(0);
  const DType dtype = g.input(0).type().dtype;
  g.add(0, dy.type().dtype == dtype ? dy : g.emit_one(Cast(dtype), {dy}));
}

Kernel Cast::choose(const KernelRequest&) const {
  if (dtype_ == DType::bfloat16)
    return {.name = "simd",
            .run = [](const KernelCall& c) { kernels::cast(c.in<float>(0), c.out<bfloat16>(0), c.threads()); }};
  return {.name = "simd",
          .run = [](const KernelCall& c) { kernels::cast(c.in<bfloat16>(0), c.out<float>(0), c.threads()); }};
}

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

Kernel Rsqrt::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [epsilon = static_cast<float>(epsilon_)](const KernelCall& c) {
        kernels::rsqrt(c.in<float>(0), epsilon, c.out<float>(0), c.threads());
      },
      [epsilon = epsilon_](const KernelCall& c) {
        kernels::reference::rsqrt<double>(c.in<double>(0), epsilon, c.out<double>(0));
      });
}

std::vector<TensorType> Copy::infer(std::span<const TensorType> in) const { return {in[0]}; }

void Copy::differentiate(Gradients& g) const { g.add(0, g.of_output(0)); }

Kernel Copy::choose(const KernelRequest& request) const {
  return by_element(
      request, []<class T>(const KernelCall& c, T) { std::ranges::copy(c.in<T>(0), c.out<T>(0).begin()); },
      [](const KernelCall& c) { std::ranges::copy(c.in<double>(0), c.out<double>(0).begin()); });
}

}  // namespace evenkeel::ops
