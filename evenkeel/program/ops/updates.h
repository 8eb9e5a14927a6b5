#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// (parameters, gradients, velocity or absent): Keras's SGD in one pass; the learning rate is the step's.
class SgdUpdate final : public Op {
 public:
  SgdUpdate(double momentum, bool nesterov) : momentum_(momentum), nesterov_(nesterov) {}
  std::string_view kind() const override { return "sgd"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }

 private:
  double momentum_;
  bool nesterov_;
};

/// (parameters, gradients, m, v): Keras's Adam in one pass; learning rate and step count are the step's.
class AdamUpdate final : public Op {
 public:
  AdamUpdate(double beta_1, double beta_2, double epsilon) : beta_1_(beta_1), beta_2_(beta_2), epsilon_(epsilon) {}
  std::string_view kind() const override { return "adam"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }

 private:
  double beta_1_, beta_2_, epsilon_;
};

}  // namespace evenkeel::ops
