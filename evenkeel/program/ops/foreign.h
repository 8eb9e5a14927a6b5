#pragma once

#include <string>

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// What only another framework computes. A program with such lines has shapes and can be described, but not run.
class Foreign final : public Op {
 public:
  /// `sample`: the shape of one sample's output. `flops`: of one sample.
  Foreign(std::string detail, Shape sample, double flops)
      : detail_(std::move(detail)), sample_(sample), flops_(flops) {}
  std::string_view kind() const override { return "foreign"; }
  std::string detail() const override { return detail_; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override {
    return {{sample_.batched(in[0].shape[0]), in[0].dtype}};
  }
  /// Throws Error (unsupported): there is no kernel.
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType>) const override {
    return flops_ * static_cast<double>(in[0].shape[0]);
  }

 private:
  std::string detail_;
  Shape sample_;
  double flops_;
};

}  // namespace evenkeel::ops
