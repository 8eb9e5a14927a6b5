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
  /// The same op for x [N, ...] whose first sample is number `first` of its batch.
  virtual std::shared_ptr<const Op> from_sample(std::int64_t first, const Shape& x) const = 0;
  std::vector<int> passed_on(const LayerMode& mode) const override {
    return mode.dropout ? std::vector<int>() : std::vector<int>{0};
  }

 protected:
  explicit Noise(int layer) : layer_(layer) {}
  int index() const { return layer_; }  ///< of the layer
  /// The stream of the layer's random numbers.
  std::uint32_t stream() const { return static_cast<std::uint32_t>(layer_); }
  /// Where in the stream x begins.
  std::int64_t first() const { return first_; }
  /// A copy of the op whose x begins there.
  template <class O>
  static std::shared_ptr<const Op> beginning_at(O op, std::int64_t first) {
    op.first_ = first;
    return std::make_shared<const O>(std::move(op));
  }

 private:
  int layer_;
  std::int64_t first_ = 0;
};

}  // namespace evenkeel::ops
