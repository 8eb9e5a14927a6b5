#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/op.h"
#include "evenkeel/program/ops/window.h"

namespace evenkeel::ops {

/// BatchNorm (batch_norm.h), its activation and a MaxPool whose windows do not overlap as one line: y [N, oh, ow, C] is
/// made from x [N, H, W, C], and nothing of the size of x is written. Operands, outputs and modes are BatchNorm's.
/// docs/kernels/batch_norm_pool.md.
class BatchNormPool final : public Op {
 public:
  BatchNormPool(int layer, double epsilon, kernels::Activation f, WindowOptions window)
      : layer_(layer), epsilon_(epsilon), f_(f), window_(window) {}
  std::string_view kind() const override { return "batch_norm_pool"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  /// Every activation is monotone: behind the pooling or before it is the same.
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  int layer_;
  double epsilon_;
  kernels::Activation f_;
  WindowOptions window_;
};

/// (x, y or absent, dy, gamma or absent, beta or absent, mean, inv_std) -> dx, dgamma, dbeta. y and dy are of the
/// pooled size; y is absent where f is linear.
class BatchNormPoolGradient final : public Op {
 public:
  BatchNormPoolGradient(int layer, kernels::Activation f, WindowOptions window)
      : layer_(layer), f_(f), window_(window) {}
  std::string_view kind() const override { return "batch_norm_pool_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  kernels::Activation f_;
  WindowOptions window_;
};

}  // namespace evenkeel::ops
