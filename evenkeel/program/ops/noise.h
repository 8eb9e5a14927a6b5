#pragma once

#include <algorithm>

#include "evenkeel/base/philox.h"
#include "evenkeel/program/kernel.h"

namespace evenkeel::ops {

/// The kernel of an op that disturbs its input at random where its layer's mode has dropout on, and hands it on where
/// not. `fast` (x, key, y, threads) and `reference` (x, key, y) do so by the stream of the layer and the step.
template <class Fast, class Reference>
Kernel choose_noise(const KernelRequest& request, int layer, Purpose purpose, Fast fast, Reference reference) {
  const auto run = [=]<class T>(const KernelCall& c, T, auto disturb) {
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

}  // namespace evenkeel::ops
