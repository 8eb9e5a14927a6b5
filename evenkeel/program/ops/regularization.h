#pragma once

#include <vector>

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// (loss [N], w_1, ..., w_k) -> loss [N] with sum_i factors[i] * sum(w_i^2) added to each sample's loss, so that the
/// mean loss has it once. Keras's L2.
class AddL2Penalty final : public Op {
 public:
  explicit AddL2Penalty(std::vector<double> factors) : factors_(std::move(factors)) {}
  std::string_view kind() const override { return "add_l2_penalty"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  std::vector<double> factors_;
};

/// (w, dloss [N]) -> dw = 2 factor w sum(dloss).
class L2PenaltyGradient final : public Op {
 public:
  explicit L2PenaltyGradient(double factor) : factor_(factor) {}
  std::string_view kind() const override { return "l2_penalty_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  Kernel choose(const KernelRequest&) const override;

 private:
  double factor_;
};

}  // namespace evenkeel::ops
