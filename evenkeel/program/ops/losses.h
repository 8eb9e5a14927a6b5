#pragma once

#include "evenkeel/kernels/loss/list.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

using kernels::LossKind;

/// (logits [N, K], targets [N, K]) -> loss [N], one number per sample.
class Loss final : public Op {
 public:
  explicit Loss(LossKind loss) : loss_(loss) {}
  std::string_view kind() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  LossKind loss_;
};

/// (logits, targets, dloss [N]) -> dlogits.
class LossGradient final : public Op {
 public:
  explicit LossGradient(LossKind loss) : loss_(loss) {}
  std::string_view kind() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  Kernel choose(const KernelRequest&) const override;

 private:
  LossKind loss_;
};

/// labels [N] int32 -> [N, K] with a 1 at each label.
class OneHot final : public Op {
 public:
  OneHot(std::int64_t classes, DType real) : classes_(classes), real_(real) {}
  std::string_view kind() const override { return "one_hot"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  std::int64_t classes_;
  DType real_;
};

/// targets [N, K] -> [N], the weight of each sample's class: the class of the largest target, or with K = 1 the target,
/// rounded. A class without a weight has 1, as in Keras's class_weight.
class ClassWeights final : public Op {
 public:
  explicit ClassWeights(std::vector<double> weights) : weights_(std::move(weights)) {}
  std::string_view kind() const override { return "class_weights"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  std::vector<double> weights_;
};

/// (logits [N, K], targets [N, K]) -> [N], 1 where the prediction is right: argmax for K > 1, a threshold for K = 1.
class Correct final : public Op {
 public:
  explicit Correct(double threshold) : threshold_(threshold) {}
  std::string_view kind() const override { return "correct"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  double threshold_;
};

}  // namespace evenkeel::ops
