#pragma once

#include <algorithm>

#include "evenkeel/base/philox.h"
#include "evenkeel/program/kernel.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// An op that disturbs the elements of x [N, ...] at random where its layer's mode has dropout on; else y = x. What it
/// draws is a function of (seed, step, layer, element), so that its gradient draws the same.
class Noise : public Op {
 public:
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 protected:
  explicit Noise(int layer) : layer_(layer) {}
  int layer() const { return layer_; }

  /// `fast` (x, key, y, threads) and `reference` (x, key, y) disturb by the stream of the layer and the step.
  template <class Fast, class Reference>
  Kernel kernel_of(const KernelRequest& request, Purpose purpose, Fast fast, Reference reference) const {
    const auto run = [=, layer = layer_]<class T>(const KernelCall& c, T, auto disturb) {
      const auto x = c.in<T>(0);
      const auto y = c.out<T>(0);
      if (c.step().mode(layer).dropout)
        disturb(x, RandomKey{c.step().seed, purpose, static_cast<std::uint32_t>(layer), c.step().step}, y);
      else if (x.data() != y.data())
        std::ranges::copy(x, y.begin());
    };
    return by_element(
        request,
        [=]<class T>(const KernelCall& c, T) {
          run(c, T{}, [&](auto x, const RandomKey& key, auto y) { fast(x, key, y, c.threads()); });
        },
        [=](const KernelCall& c) { run(c, double{}, reference); });
  }

 private:
  int layer_;
};

}  // namespace evenkeel::ops
