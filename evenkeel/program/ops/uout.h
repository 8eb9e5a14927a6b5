#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// y = x * (1 + r) with r uniform in [-beta, beta), where the layer's mode has dropout on; else y = x. r is a function
/// of (seed, step, layer, element), so the gradient is the same op on dy.
class Uout final : public Op {
 public:
  Uout(int layer, double beta) : layer_(layer), beta_(beta) {}
  std::string_view kind() const override { return "uout"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  int layer_;
  double beta_;
};

}  // namespace evenkeel::ops
