#pragma once

#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// y = a . b, element-wise: a and y have one shape, and b is the same or has 1 on adjacent axes, along which it is
/// repeated (kernels::repetition_of). The gradient of b is the sum over these axes; b_is_parameter says that it is
/// float32 even where b is a copy in bfloat16.
class Combine final : public Op {
 public:
  explicit Combine(kernels::Combination how, bool b_is_parameter = false)
      : how_(how), b_is_parameter_(b_is_parameter) {}
  std::string_view kind() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  kernels::Combination how_;
  bool b_is_parameter_;
};

/// (a, b, dy) -> da, db.
class CombineGradient final : public Op {
 public:
  CombineGradient(kernels::Combination how, bool b_is_parameter) : how_(how), b_is_parameter_(b_is_parameter) {}
  std::string_view kind() const override { return "combine_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 2}, {0, 0}}; }

 private:
  kernels::Combination how_;
  bool b_is_parameter_;
};

/// x repeated along adjacent axes on which it has 1, to the given shape.
class Repeat final : public Op {
 public:
  explicit Repeat(Shape shape) : shape_(shape) {}
  std::string_view kind() const override { return "repeat"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {{shape_, in[0].dtype}}; }
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  Shape shape_;
};

/// dy -> dx of the given shape: the sum over the axes along which x was repeated.
class RepeatGradient final : public Op {
 public:
  explicit RepeatGradient(Shape shape) : shape_(shape) {}
  std::string_view kind() const override { return "repeat_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {{shape_, in[0].dtype}}; }
  Kernel choose(const KernelRequest&) const override;

 private:
  Shape shape_;
};

/// x repeated to the shape on axes where it has 1, one stretch of adjacent axes after another.
Value repeated(Value x, const Shape& shape);

/// a . b where their shapes are equal on each axis, or one of them has 1 there. Throws Error with both shapes where
/// they are not.
Value combined(kernels::Combination how, Value a, Value b);

}  // namespace evenkeel::ops
