#pragma once

#include "evenkeel/program/ops/noise.h"

namespace evenkeel::ops {

/// y = x * (1 + r) with r uniform in [-beta, beta). The gradient is the same op on dy.
class Uout final : public Noise {
 public:
  Uout(int layer, double beta) : Noise(layer), beta_(beta) {}
  std::string_view kind() const override { return "uout"; }
  std::string detail() const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::shared_ptr<const Op> from_sample(std::int64_t first, const Shape& x) const override;

 private:
  double beta_;
};

}  // namespace evenkeel::ops
