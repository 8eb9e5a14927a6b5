#pragma once

#include <optional>

#include "evenkeel/program/op.h"
#include "evenkeel/program/program.h"

namespace evenkeel::ops {

/// An op with two operands of equal shape; it may overwrite either.
class Pairwise : public Op {
 public:
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}, {0, 1}}; }
};

/// y = f(a + b).
class Add final : public Pairwise {
 public:
  explicit Add(kernels::Activation f = kernels::Activation::linear) : f_(f) {}
  std::string_view kind() const override { return "add"; }
  std::string detail() const override;
  void differentiate(Gradients&) const override;
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  Kernel choose(const KernelRequest&) const override;
  const kernels::Activation& activation() const { return f_; }

 private:
  kernels::Activation f_;
};

/// y = a - b.
class Subtract final : public Pairwise {
 public:
  std::string_view kind() const override { return "subtract"; }
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
};

/// y = a * b, element-wise.
class Multiply final : public Pairwise {
 public:
  std::string_view kind() const override { return "multiply"; }
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
};

/// y = scale * x + offset, in the type of x, or in bfloat16 of a float32 x.
class ScaleOffset final : public Op {
 public:
  ScaleOffset(double scale, double offset, std::optional<DType> dtype = {})
      : scale_(scale), offset_(offset), dtype_(dtype) {}
  std::string_view kind() const override { return "scale_offset"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  double scale_, offset_;
  std::optional<DType> dtype_;
};

/// x in another type: float32 to bfloat16 (rounded to the nearest), or the reverse. The gradient is cast back, unless
/// it is float32 already, as it is where x is a parameter.
class Cast final : public Op {
 public:
  explicit Cast(DType dtype) : dtype_(dtype) {}
  std::string_view kind() const override { return "cast"; }
  std::string detail() const override { return std::string(name_of(dtype_)); }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  DType dtype_;
};

/// x in that type: x itself if it has the type, else a copy named "conv2d/kernel/bfloat16".
Value cast(Value x, DType dtype);

/// y = 1 / sqrt(x + epsilon).
class Rsqrt final : public Op {
 public:
  explicit Rsqrt(double epsilon) : epsilon_(epsilon) {}
  std::string_view kind() const override { return "rsqrt"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;  ///< -y^3 / 2 * dy
  Kernel choose(const KernelRequest&) const override;

 private:
  double epsilon_;
};

/// y = x in memory of its own.
class Copy final : public Op {
 public:
  std::string_view kind() const override { return "copy"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
};

}  // namespace evenkeel::ops
