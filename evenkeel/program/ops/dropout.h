#pragma once

#include "evenkeel/kernels/noise/list.h"
#include "evenkeel/program/ops/noise.h"

namespace evenkeel::ops {

/// Inverted dropout. The gradient is the same op on dy.
class Dropout final : public Noise {
 public:
  Dropout(int layer, double rate) : Noise(layer), rate_(rate) {}
  std::string_view kind() const override { return "dropout"; }
  std::string detail() const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  double rate_;
};

/// Dropout of whole channels: one mask for all positions of x [N, ..., C].
class SpatialDropout final : public Noise {
 public:
  SpatialDropout(int layer, double rate) : Noise(layer), rate_(rate) {}
  std::string_view kind() const override { return "spatial_dropout"; }
  std::string detail() const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  double rate_;
};

/// y = x * (1 + deviation * z) with z standard normal. The gradient is the same op on dy.
class GaussianDropout final : public Noise {
 public:
  GaussianDropout(int layer, double deviation) : Noise(layer), deviation_(deviation) {}
  std::string_view kind() const override { return "gaussian_dropout"; }
  std::string detail() const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  double deviation_;
};

/// Dropout's mask with other values: scale * x + offset where kept, `dropped` where not.
class AffineDropout final : public Noise {
 public:
  AffineDropout(int layer, double rate, kernels::KeptAndDropped outcome)
      : Noise(layer), rate_(rate), outcome_(outcome) {}
  std::string_view kind() const override { return "affine_dropout"; }
  std::string detail() const override;
  void differentiate(Gradients&) const override;  ///< scale * dy where kept, 0 where not
  Kernel choose(const KernelRequest&) const override;

 private:
  double rate_;
  kernels::KeptAndDropped outcome_;
};

}  // namespace evenkeel::ops
