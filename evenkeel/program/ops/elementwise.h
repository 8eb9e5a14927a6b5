#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// y = a + b, of equal shape.
class Add final : public Op {
 public:
  std::string_view kind() const override { return "add"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}, {0, 1}}; }
};

/// y = a - b, of equal shape.
class Subtract final : public Op {
 public:
  std::string_view kind() const override { return "subtract"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}, {0, 1}}; }
};

/// y = a * b, element-wise, of equal shape.
class Multiply final : public Op {
 public:
  std::string_view kind() const override { return "multiply"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}, {0, 1}}; }
};

/// y = scale * x + offset.
class ScaleOffset final : public Op {
 public:
  ScaleOffset(double scale, double offset) : scale_(scale), offset_(offset) {}
  std::string_view kind() const override { return "scale_offset"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  double scale_, offset_;
};

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
