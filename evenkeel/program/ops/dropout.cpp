#include "evenkeel/program/ops/dropout.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/kernels/dropout.h"
#include "evenkeel/kernels/reference/dropout.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {
namespace {

template <class T>
void pass_through(const KernelCall& c) {
  if (c.in<T>(0).data() != c.out<T>(0).data()) std::ranges::copy(c.in<T>(0), c.out<T>(0).begin());
}

}  // namespace

std::string Dropout::detail() const { return fmt::format("rate {:g}", rate_); }

void Dropout::differentiate(Gradients& g) const { g.add(0, g.emit_one(Dropout(*this), {g.of_output(0)})); }

Kernel Dropout::choose(const KernelRequest& request) const {
  const auto rate = static_cast<float>(rate_);
  const auto key = [layer = layer_](const KernelCall& c) {
    return RandomKey{c.step().seed, Purpose::dropout, static_cast<std::uint32_t>(layer), c.step().step};
  };
  return by_precision(
      request,
      [=, layer = layer_](const KernelCall& c) {
        if (!c.step().mode(layer).dropout) return pass_through<float>(c);
        kernels::dropout(c.in<float>(0), rate, key(c), c.out<float>(0), c.threads());
      },
      [=, layer = layer_](const KernelCall& c) {
        if (!c.step().mode(layer).dropout) return pass_through<double>(c);
        kernels::reference::dropout<double>(c.in<double>(0), rate, key(c), c.out<double>(0));
      });
}

}  // namespace evenkeel::ops
