#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// The input in another shape of the same size: a view, nothing is moved.
class Reshape final : public Op {
 public:
  explicit Reshape(Shape shape) : shape_(shape) {}
  std::string_view kind() const override { return "reshape"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override { return {}; }
  bool is_view() const override { return true; }

 private:
  Shape shape_;
};

}  // namespace evenkeel::ops
