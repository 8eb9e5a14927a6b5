#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// BatchNorm by parts of the batch: each group of `group_samples` consecutive samples has its own batch statistics, and
/// the last group what is left. Hoffer, Hubara, Soudry 2017, "Train longer, generalize better".
/// Inputs as BatchNorm's. Outputs too, but the statistics that were used are [groups, C], and the batch's mean and
/// variance the means over its samples of their group's: what moving statistics follow.
class GhostBatchNorm final : public Op {
 public:
  GhostBatchNorm(int layer, double epsilon, std::int64_t group_samples)
      : layer_(layer), epsilon_(epsilon), group_samples_(group_samples) {}
  std::string_view kind() const override { return "ghost_batch_norm"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  double epsilon_;
  std::int64_t group_samples_;
};

/// Operands as BatchNormGradient's: (x, nothing, dy, gamma or absent, mean, inv_std) -> dx, dgamma, dbeta.
class GhostBatchNormGradient final : public Op {
 public:
  GhostBatchNormGradient(int layer, std::int64_t group_samples) : layer_(layer), group_samples_(group_samples) {}
  std::string_view kind() const override { return "ghost_batch_norm_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 2}}; }

 private:
  int layer_;
  std::int64_t group_samples_;
};

}  // namespace evenkeel::ops
