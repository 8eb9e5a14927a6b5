#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// y = x * scale[c] + shift[c].
class ScaleShift final : public Op {
 public:
  std::string_view kind() const override { return "scale_shift"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }
};

/// (a, b) [..., C] -> [C]: the sum of a * b over all other axes.
class ChannelProduct final : public Op {
 public:
  std::string_view kind() const override { return "channel_product"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
};

}  // namespace evenkeel::ops
