#include "evenkeel/program/ops/uout.h"

#include <fmt/format.h>

#include "evenkeel/kernels/noise/uout.h"
#include "evenkeel/kernels/noise/uout_reference.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {

std::string Uout::detail() const { return fmt::format("beta {:g}", beta_); }

void Uout::differentiate(Gradients& g) const { g.add(0, g.emit_one(Uout(*this), {g.of_output(0)})); }

Kernel Uout::choose(const KernelRequest& request) const {
  const auto beta = static_cast<float>(beta_);
  return kernel_of(
      request, Purpose::uout,
      [beta]<class T>(std::span<const T> x, const RandomKey& key, std::span<T> y, const Threads& threads) {
        kernels::uout<T>(x, beta, key, y, threads);
      },
      [beta](std::span<const double> x, const RandomKey& key, std::span<double> y) {
        kernels::reference::uout<double>(x, beta, key, y);
      });
}

}  // namespace evenkeel::ops
