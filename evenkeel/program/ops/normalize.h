#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/op.h"
#include "evenkeel/program/ops/window.h"

namespace evenkeel::ops {

/// What a normalization does besides normalizing: its samples may be in groups with separate statistics, or it may have
/// an activation after it, and a max pooling whose windows do not overlap. With a pooling nothing of the size of x is
/// written (docs/kernels/batch_norm_pool.md).
struct NormalizeOptions {
  std::int64_t group_samples = 0;  ///< 0: all have the same statistics
  kernels::Activation f = kernels::Activation::linear;
  std::optional<WindowOptions> pool = {};
};

/// y = f(gamma * (x - mean) * inverse_deviation + beta), per channel (last axis); with a pooling, the largest of it in
/// each window. Inputs: x, gamma or absent, beta or absent, and mean and inverse deviation, which are [C] or [groups,
/// C] and come from lines of their own (statistics.h). The gradient rule covers these lines too: if the layer's mode
/// uses the batch's statistics (without a layer: always), they are functions of x. Derivation:
/// docs/kernels/batch_norm.md.
class Normalize final : public Op {
 public:
  explicit Normalize(std::optional<int> layer, NormalizeOptions options = {}) : layer_(layer), options_(options) {}
  std::string_view kind() const override { return options_.pool ? "normalize_pool" : "normalize"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  /// Emits the gradient's sums over x, which belong to the statistics, gamma and beta, then the gradient of x.
  void differentiate(Gradients&) const override;
  /// With a pooling only a monotone one, which gives the same before the pooling as after it.
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  bool recomputes_activation_input() const override { return true; }
  /// This op with a max pooling after it, if the windows do not overlap and the activation is monotone; else nothing.
  std::shared_ptr<const Op> with_max_pool(const WindowOptions& window) const;
  /// Whether it does nothing but scale and shift the channels.
  bool is_per_channel() const;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override;

 private:
  std::optional<int> layer_;
  NormalizeOptions options_;
};

/// (x, y or absent, dy, gamma or absent, beta or absent, mean, inverse deviation) -> dgamma, dbeta, [C] or [groups, C]:
/// sum dz * (x - mean) * inverse_deviation and sum dz, where dz is the gradient of f's input. With a pooling, y and dy
/// have the pooled size. y is absent if f is linear or not monotone.
/// gamma and beta are read with a pooling, or if f is not monotone.
class NormalizeSums final : public Op {
 public:
  explicit NormalizeSums(NormalizeOptions options) : options_(options) {}
  std::string_view kind() const override { return options_.pool ? "normalize_pool_sums" : "normalize_sums"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  NormalizeOptions options_;
};

/// (x, y or absent, dy, gamma or absent, beta or absent, mean, inverse deviation, dgamma, dbeta) -> dx. dgamma and
/// dbeta are the sums over the rows that share statistics; beta is read as by NormalizeSums.
class NormalizeDataGradient final : public Op {
 public:
  NormalizeDataGradient(std::optional<int> layer, NormalizeOptions options) : layer_(layer), options_(options) {}
  bool is_by_groups() const { return options_.group_samples > 0; }
  /// The same, where the statistics and the sums are those of so many rows, of which x has a part.
  std::shared_ptr<const Op> over(std::int64_t rows) const {
    NormalizeDataGradient part(*this);
    part.rows_ = rows;
    return std::make_shared<const NormalizeDataGradient>(part);
  }
  std::string_view kind() const override {
    return options_.pool ? "normalize_pool_data_gradient" : "normalize_data_gradient";
  }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }
  std::vector<std::pair<int, int>> in_place() const override;

 private:
  std::optional<int> layer_;
  NormalizeOptions options_;
  std::int64_t rows_ = 0;  ///< 0: those of x
};

}  // namespace evenkeel::ops
