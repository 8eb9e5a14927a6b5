#pragma once

#include "evenkeel/kernels/dropout.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// Inverted dropout, where the layer's mode has it on; else y = x. The mask is a function of (seed, step, layer,
/// element), so the gradient is the same op on dy.
class Dropout final : public Op {
 public:
  Dropout(int layer, double rate) : layer_(layer), rate_(rate) {}
  std::string_view kind() const override { return "dropout"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  double rate_;
};

/// Dropout of whole channels: one mask for all positions of x [N, ..., C].
class SpatialDropout final : public Op {
 public:
  SpatialDropout(int layer, double rate) : layer_(layer), rate_(rate) {}
  std::string_view kind() const override { return "spatial_dropout"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  double rate_;
};

/// y = x * (1 + deviation * z) with z standard normal, where the layer's mode has dropout on; else y = x. z is a
/// function of (seed, step, layer, element), so the gradient is the same op on dy.
class GaussianDropout final : public Op {
 public:
  GaussianDropout(int layer, double deviation) : layer_(layer), deviation_(deviation) {}
  std::string_view kind() const override { return "gaussian_dropout"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  double deviation_;
};

/// Dropout's mask with another outcome: scale * x + offset where kept, `dropped` where not.
class AffineDropout final : public Op {
 public:
  AffineDropout(int layer, double rate, kernels::KeptAndDropped outcome)
      : layer_(layer), rate_(rate), outcome_(outcome) {}
  std::string_view kind() const override { return "affine_dropout"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  void differentiate(Gradients&) const override;  ///< scale * dy where kept, 0 where not
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  double rate_;
  kernels::KeptAndDropped outcome_;
};

}  // namespace evenkeel::ops
