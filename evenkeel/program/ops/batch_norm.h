#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/op.h"
#include "evenkeel/program/ops/window.h"

namespace evenkeel::ops {

/// y = f(gamma * (x - mean) / sqrt(variance + epsilon) + beta), per channel (last axis).
/// Inputs: x, gamma or absent, beta or absent, moving mean, moving variance, supplied mean, supplied variance.
/// Outputs: y, the mean and 1 / sqrt(variance + epsilon) that were used, and the batch's mean and biased variance.
/// Which statistics are used is the layer's mode at run time; the batch's are computed only if used or followed.
/// Derivation of the gradient: docs/kernels/batch_norm.md.
class BatchNorm final : public Op {
 public:
  BatchNorm(int layer, double epsilon, kernels::Activation f = kernels::Activation::linear)
      : layer_(layer), epsilon_(epsilon), f_(f) {}
  std::string_view kind() const override { return "batch_norm"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  /// This op with max pooling behind it, where the windows do not overlap; else nothing.
  std::shared_ptr<const Op> with_max_pool(const WindowOptions& window) const;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  double epsilon_;
  kernels::Activation f_;
};

/// (x, y or absent, dy, gamma or absent, mean, inv_std) -> dx, dgamma, dbeta. y is absent where f is linear.
class BatchNormGradient final : public Op {
 public:
  BatchNormGradient(int layer, kernels::Activation f) : layer_(layer), f_(f) {}
  std::string_view kind() const override { return "batch_norm_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 2}}; }

 private:
  int layer_;
  kernels::Activation f_;
};

/// (moving mean, moving variance, batch mean, batch variance): moving = momentum * moving + (1 - momentum) * batch,
/// where the layer's mode says so. `unbiased`: the variance of the batch times rows / (rows - 1).
class UpdateStatistics final : public Op {
 public:
  UpdateStatistics(int layer, double momentum, bool unbiased, std::int64_t rows)
      : layer_(layer), momentum_(momentum), unbiased_(unbiased), rows_(rows) {}
  std::string_view kind() const override { return "update_statistics"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }

 private:
  int layer_;
  double momentum_;
  bool unbiased_;
  std::int64_t rows_;
};

}  // namespace evenkeel::ops
