#pragma once

#include "evenkeel/program/op.h"
#include "evenkeel/program/ops/window.h"

namespace evenkeel::ops {

/// Maximum over each window of x [N, H, W, C]; padding never wins.
class MaxPool final : public Op {
 public:
  explicit MaxPool(WindowOptions window) : window_(window) {}
  const WindowOptions& window() const { return window_; }
  std::string_view kind() const override { return "max_pool"; }
  std::string detail() const override { return to_string(window_); }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  WindowOptions window_;
};

/// (x, y, dy) -> dx: to the first maximum of each window.
class MaxPoolGradient final : public Op {
 public:
  explicit MaxPoolGradient(WindowOptions window) : window_(window) {}
  std::string_view kind() const override { return "max_pool_gradient"; }
  std::string detail() const override { return to_string(window_); }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  Kernel choose(const KernelRequest&) const override;

 private:
  WindowOptions window_;
};

/// Mean over the part of each window inside the image.
class AveragePool final : public Op {
 public:
  explicit AveragePool(WindowOptions window) : window_(window) {}
  std::string_view kind() const override { return "average_pool"; }
  std::string detail() const override { return to_string(window_); }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  WindowOptions window_;
};

/// dy -> dx of the given shape.
class AveragePoolGradient final : public Op {
 public:
  AveragePoolGradient(WindowOptions window, Shape x) : window_(window), x_(x) {}
  std::string_view kind() const override { return "average_pool_gradient"; }
  std::string detail() const override { return to_string(window_); }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {{x_, in[0].dtype}}; }
  Kernel choose(const KernelRequest&) const override;

 private:
  WindowOptions window_;
  Shape x_;
};

}  // namespace evenkeel::ops
