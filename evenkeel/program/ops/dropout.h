#pragma once

#include <utility>
#include <vector>

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
  std::shared_ptr<const Op> from_sample(std::int64_t first, const Shape& x) const override;

 private:
  double rate_;
};

/// Dropout whose mask has the given shape, repeated along the axes on which that has 1; -1 stands for the size of x
/// [N, ...] on that axis.
class SharedDropout final : public Noise {
 public:
  SharedDropout(int layer, double rate, std::vector<std::int64_t> mask)
      : Noise(layer), rate_(rate), mask_(std::move(mask)) {}
  std::string_view kind() const override { return "shared_dropout"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::shared_ptr<const Op> from_sample(std::int64_t first, const Shape& x) const override;

 private:
  Shape mask_of(const Shape& x) const;
  double rate_;
  std::vector<std::int64_t> mask_;
};

/// y = x * (1 + deviation * z) with z standard normal. The gradient is the same op on dy.
class GaussianDropout final : public Noise {
 public:
  GaussianDropout(int layer, double deviation) : Noise(layer), deviation_(deviation) {}
  std::string_view kind() const override { return "gaussian_dropout"; }
  std::string detail() const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::shared_ptr<const Op> from_sample(std::int64_t first, const Shape& x) const override;

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
  std::shared_ptr<const Op> from_sample(std::int64_t first, const Shape& x) const override;

 private:
  double rate_;
  kernels::KeptAndDropped outcome_;
};

}  // namespace evenkeel::ops
