#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// An op that adds noise to the elements of x [N, ...] if its layer's mode has dropout on; else y = x. Its random
/// numbers are a function of (seed, step, layer, element), so that its gradient uses the same ones.
class Noise : public Op {
 public:
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }
  std::optional<int> layer() const override { return layer_; }
  std::vector<int> passed_on(const LayerMode& mode) const override {
    return mode.dropout ? std::vector<int>() : std::vector<int>{0};
  }

 protected:
  explicit Noise(int layer) : layer_(layer) {}
  int index() const { return layer_; }  ///< of the layer
  /// The stream of the layer's random numbers.
  std::uint32_t stream() const { return static_cast<std::uint32_t>(layer_); }

 private:
  int layer_;
};

}  // namespace evenkeel::ops
