#include "evenkeel/program/ops/dropout.h"

#include <fmt/format.h>

#include "evenkeel/kernels/dropout.h"
#include "evenkeel/kernels/reference/dropout.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/noise.h"

namespace evenkeel::ops {

std::string Dropout::detail() const { return fmt::format("rate {:g}", rate_); }

void Dropout::differentiate(Gradients& g) const { g.add(0, g.emit_one(Dropout(*this), {g.of_output(0)})); }

Kernel Dropout::choose(const KernelRequest& request) const {
  const auto rate = static_cast<float>(rate_);
  return choose_noise(
      request, layer_, Purpose::dropout,
      [rate]<class T>(std::span<const T> x, const RandomKey& key, std::span<T> y, const Threads& threads) {
        kernels::dropout<T>(x, rate, key, y, threads);
      },
      [rate](std::span<const double> x, const RandomKey& key, std::span<double> y) {
        kernels::reference::dropout<double>(x, rate, key, y);
      });
}

}  // namespace evenkeel::ops
