#pragma once

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

}  // namespace evenkeel::ops
