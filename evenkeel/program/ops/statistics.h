#pragma once

#include "evenkeel/program/op.h"

// The parts a normalization can be composed of (nn/layers/normalization.h has one).

namespace evenkeel::ops {

/// x [..., C] -> mean [C], biased variance [C].
class Moments final : public Op {
 public:
  std::string_view kind() const override { return "moments"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;  ///< dx = (dmean + 2 (x - mean) dvariance) / rows
  Kernel choose(const KernelRequest&) const override;
};

/// (x, mean, dmean or absent, dvariance or absent) -> dx.
class MomentsGradient final : public Op {
 public:
  std::string_view kind() const override { return "moments_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
};

/// (batch mean, batch variance, moving mean, moving variance, supplied mean, supplied variance) -> mean, variance:
/// those that the layer's mode asks for.
class SelectStatistics final : public Op {
 public:
  explicit SelectStatistics(int layer) : layer_(layer) {}
  std::string_view kind() const override { return "select_statistics"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

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

 private:
  int layer_;
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

 private:
  template <class T>
  void run(const KernelCall& c) const;

  int layer_;
  double epsilon_, r_max_, d_max_;
};

/// y = x * scale[c] + shift[c].
class ScaleShift final : public Op {
 public:
  std::string_view kind() const override { return "scale_shift"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }
};

/// (a, b) [..., C] -> [C]: the sum of a * b over all other axes.
class ChannelProduct final : public Op {
 public:
  std::string_view kind() const override { return "channel_product"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
};

}  // namespace evenkeel::ops
