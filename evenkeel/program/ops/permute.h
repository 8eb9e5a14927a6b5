#pragma once

#include <vector>

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// The axes of x in another order: axis i of y is axis order[i] of x.
class Permute final : public Op {
 public:
  explicit Permute(std::vector<int> order) : order_(std::move(order)) {}
  std::string_view kind() const override { return "permute"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;  ///< the inverse on dy
  Kernel choose(const KernelRequest&) const override;

  /// The order that undoes this one.
  static std::vector<int> inverse(const std::vector<int>& order);

 private:
  std::vector<int> order_;
};

}  // namespace evenkeel::ops
