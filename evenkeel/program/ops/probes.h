#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// (x [..., C], count [1], mean [C], m2 [C]): merges x's moments per channel into running ones, in double.
class AccumulateMoments final : public Op {
 public:
  std::string_view kind() const override { return "accumulate_moments"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }
};

/// (x [..., C], count [1], smallest [C], largest [C]): merges x's extremes per channel into those seen before.
class AccumulateExtremes final : public Op {
 public:
  std::string_view kind() const override { return "accumulate_extremes"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }
};

}  // namespace evenkeel::ops
