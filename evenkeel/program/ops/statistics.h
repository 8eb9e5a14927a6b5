#pragma once

#include "evenkeel/program/op.h"

// The lines that compute the statistics of a normalization and update the moving ones. Statistics per channel are
// vectors [C]; if the batch is in groups with separate statistics, [groups, C].

namespace evenkeel::ops {

/// x [N, ..., C] -> mean and biased variance, of the whole batch or of each `group_samples` consecutive samples; the
/// last group has the remaining ones. With a layer: idle in modes that neither use the batch's statistics nor update
/// the moving ones.
class Moments final : public Op {
 public:
  explicit Moments(std::optional<int> layer = {}, std::int64_t group_samples = 0)
      : layer_(layer), group_samples_(group_samples) {}
  std::string_view kind() const override { return "moments"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;  ///< dx = (dmean + 2 (x - mean) dvariance) / rows; not for groups
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }
  bool is_idle(const LayerMode& mode) const override;
  std::int64_t group_samples() const { return group_samples_; }

 private:
  std::optional<int> layer_;
  std::int64_t group_samples_;
};

/// (x, mean, dmean or absent, dvariance or absent) -> dx. The moments are those of so many rows; 0: of x alone.
class MomentsGradient final : public Op {
 public:
  explicit MomentsGradient(std::int64_t rows = 0) : rows_(rows) {}
  std::string_view kind() const override { return "moments_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  std::int64_t rows_;
};

/// (means [groups, C], variances [groups, C]) -> mean and variance [C] that the moving statistics follow: the groups'
/// means, weighted by their numbers of samples. Idle in the same modes as Moments.
class MergeGroups final : public Op {
 public:
  MergeGroups(int layer, std::int64_t samples, std::int64_t group_samples)
      : layer_(layer), samples_(samples), total_(samples), group_samples_(group_samples) {}
  std::string_view kind() const override { return "merge_groups"; }
  /// The same, where the samples are a part of a batch of `total`: the parts' outputs add up to the batch's.
  std::shared_ptr<const Op> of_batch(std::int64_t total) const {
    MergeGroups part(*this);
    part.total_ = total;
    return std::make_shared<const MergeGroups>(part);
  }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }
  bool is_idle(const LayerMode& mode) const override;

 private:
  int layer_;
  std::int64_t samples_, total_, group_samples_;
};

/// (a [groups, C], b [groups, C]) -> [C] each, the sums over the groups.
class SumGroups final : public Op {
 public:
  std::string_view kind() const override { return "sum_groups"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
};

/// (batch mean, batch variance, moving mean, moving variance, supplied mean, supplied variance) -> mean, variance:
/// those that the layer's mode selects; if the batch's statistics are by groups, one for every group.
class SelectStatistics final : public Op {
 public:
  explicit SelectStatistics(int layer) : layer_(layer) {}
  std::string_view kind() const override { return "select_statistics"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }
  std::vector<int> passed_on(const LayerMode& mode) const override;

 private:
  int layer_;
};

/// y = x where the layer uses the batch's statistics, else 0: the gradient of the selection.
class IfBatchStatistics final : public Op {
 public:
  explicit IfBatchStatistics(int layer) : layer_(layer) {}
  std::string_view kind() const override { return "if_batch_statistics"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }

 private:
  int layer_;
};

/// variance -> 1 / sqrt(variance + epsilon), computed in double and rounded once. It has no gradient rule: Normalize's
/// rule covers all lines from the moments on.
class InverseDeviation final : public Op {
 public:
  explicit InverseDeviation(double epsilon) : epsilon_(epsilon) {}
  std::string_view kind() const override { return "inverse_deviation"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  double epsilon_;
};

/// (moving mean, moving variance, batch mean, batch variance, batches or left out): moving = momentum * moving +
/// (1 - momentum) * batch, if the layer's mode updates statistics. With `unbiased`, the batch's variance is multiplied
/// by rows / (rows - 1). `batches` [1] counts updates, and b / (b + 1) is used instead of the momentum: the moving
/// statistics are the mean of the batches'.
class UpdateStatistics final : public Op {
 public:
  UpdateStatistics(int layer, double momentum, bool unbiased, std::int64_t rows)
      : layer_(layer), momentum_(momentum), unbiased_(unbiased), rows_(rows) {}
  std::string_view kind() const override { return "update_statistics"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }
  std::optional<int> layer() const override { return layer_; }
  bool is_idle(const LayerMode& mode) const override { return !mode.update_statistics; }
  /// The same, where the statistics are those of `to` samples, and not of the `from` that the program runs.
  struct Scale {
    std::int64_t from = 1, to = 1;
  };
  std::shared_ptr<const Op> of_batch(const Scale& samples) const {
    return std::make_shared<const UpdateStatistics>(layer_, momentum_, unbiased_, rows_ / samples.from * samples.to);
  }

 private:
  int layer_;
  double momentum_;
  bool unbiased_;
  std::int64_t rows_;
};

/// (batch mean, batch variance, moving mean, moving variance) -> r, d of batch renormalization (Ioffe 2017), constants
/// for the gradient. With s = sqrt(variance + epsilon) of both: r = s_batch / s_moving, limited to [1 / r_max, r_max],
/// and d = (batch mean - moving mean) / s_moving, limited to [-d_max, d_max]. Where the layer does not use the batch's
/// statistics, 1 and 0.
class Renormalization final : public Op {
 public:
  Renormalization(int layer, double epsilon, double r_max, double d_max)
      : layer_(layer), epsilon_(epsilon), r_max_(r_max), d_max_(d_max) {}
  std::string_view kind() const override { return "renormalization"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }

 private:
  int layer_;
  double epsilon_, r_max_, d_max_;
};

}  // namespace evenkeel::ops
