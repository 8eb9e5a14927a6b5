#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/ops/windowed.h"

namespace evenkeel::ops {

/// f of the maximum over each window of x [N, H, W, C], without padding. There is a gradient without f only.
class MaxPool final : public Windowed {
 public:
  explicit MaxPool(WindowOptions window, kernels::Activation f = kernels::Activation::linear)
      : Windowed(window), f_(f) {}
  std::string_view kind() const override { return "max_pool"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  kernels::Activation f_;
};

/// (x, y, dy) -> dx: each dy goes to the first maximum of its window.
class MaxPoolGradient final : public Windowed {
 public:
  explicit MaxPoolGradient(WindowOptions window) : Windowed(window) {}
  std::string_view kind() const override { return "max_pool_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  Kernel choose(const KernelRequest&) const override;
};

/// Mean over the part of each window inside the image.
class AveragePool final : public Windowed {
 public:
  explicit AveragePool(WindowOptions window) : Windowed(window) {}
  std::string_view kind() const override { return "average_pool"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
};

/// dy -> dx of the given shape.
class AveragePoolGradient final : public Windowed {
 public:
  AveragePoolGradient(WindowOptions window, Shape x) : Windowed(window), x_(x) {}
  std::string_view kind() const override { return "average_pool_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {{x_, in[0].dtype}}; }
  Kernel choose(const KernelRequest&) const override;

 private:
  Shape x_;
};

}  // namespace evenkeel::ops
