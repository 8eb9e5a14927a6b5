#pragma once

#include <limits>
#include <vector>

#include "evenkeel/program/memory_plan.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// What every update also does, as in Keras's optimizers: first gradients are scaled or limited, then parameters decay,
/// then the update is made.
struct UpdateOptions {
  double weight_decay = 0;                                      ///< p -= learning rate * weight_decay * p
  double clip_value = std::numeric_limits<double>::infinity();  ///< of each element of a gradient
  std::vector<Extent> tensors = {};  ///< tensors with a gradient scale each (ClipNorm); empty: one for the whole block
};

/// The update of an optimizer in one pass. Operands: parameters, gradients, scales of the gradients or absent, then the
/// blocks that only this optimizer has. The learning rate and the step number are the step's.
class Update : public Op {
 public:
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  bool has_effect() const override { return true; }

 protected:
  explicit Update(UpdateOptions options) : options_(std::move(options)) {}
  /// For `detail`: ", weight decay 0.01", or empty.
  std::string options_text() const;
  const UpdateOptions& options() const { return options_; }

 private:
  UpdateOptions options_;
};

/// (parameters, gradients, scales or absent, velocity or absent): Keras's SGD.
class SgdUpdate final : public Update {
 public:
  SgdUpdate(double momentum, bool nesterov, UpdateOptions options = {})
      : Update(std::move(options)), momentum_(momentum), nesterov_(nesterov) {}
  std::string_view kind() const override { return "sgd"; }
  std::string detail() const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  double momentum_;
  bool nesterov_;
};

/// (parameters, gradients, scales or absent, m, v): Keras's Adam.
class AdamUpdate final : public Update {
 public:
  AdamUpdate(double beta_1, double beta_2, double epsilon, UpdateOptions options = {})
      : Update(std::move(options)), beta_1_(beta_1), beta_2_(beta_2), epsilon_(epsilon) {}
  std::string_view kind() const override { return "adam"; }
  std::string detail() const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  double beta_1_, beta_2_, epsilon_;
};

/// gradients -> [tensors], or [1] if `tensors` is empty: the factor that brings the norm of each tensor (of the whole
/// block) to at most `limit`. If the norm of the whole block is not finite, its factor is NaN, as in Keras.
class ClipNorm final : public Op {
 public:
  explicit ClipNorm(double limit, std::vector<Extent> tensors = {}) : limit_(limit), tensors_(std::move(tensors)) {}
  std::string_view kind() const override { return "clip_norm"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  double limit_;
  std::vector<Extent> tensors_;
};

/// (parameters, average, started [1]): average = momentum * average + (1 - momentum) * parameters. The first time, the
/// average is set to the parameters, and `started` to 1.
class MovingAverage final : public Op {
 public:
  explicit MovingAverage(double momentum) : momentum_(momentum) {}
  std::string_view kind() const override { return "moving_average"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }

 private:
  double momentum_;
};

}  // namespace evenkeel::ops
