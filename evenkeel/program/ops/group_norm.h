#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// Which elements share statistics in a normalization by samples.
struct GroupNormOptions {
  double epsilon = 1e-3;
  std::int64_t groups = 1;    ///< groups of neighbouring channels; must divide their number
  bool per_position = false;  ///< every position is a sample of its own: layer normalization
  bool centered = true;       ///< false: no mean is subtracted, and the mean square is the variance
};

/// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta with the statistics of each group of x [N, ..., C], the
/// same in training and evaluation. Inputs: x, gamma or absent, beta or absent. Outputs: y, and the mean and 1 /
/// sqrt(variance + epsilon) of each group. Derivation of the gradient: docs/kernels/group_norm.md.
class GroupNorm final : public Op {
 public:
  explicit GroupNorm(GroupNormOptions options) : options_(options) {}
  std::string_view kind() const override { return "group_norm"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  GroupNormOptions options_;
};

/// (x, dy, gamma or absent, mean, inv_std) -> dx, dgamma, dbeta.
class GroupNormGradient final : public Op {
 public:
  explicit GroupNormGradient(GroupNormOptions options) : options_(options) {}
  std::string_view kind() const override { return "group_norm_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 1}}; }

 private:
  GroupNormOptions options_;
};

}  // namespace evenkeel::ops
