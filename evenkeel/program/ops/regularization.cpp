#include "evenkeel/program/ops/regularization.h"

#include <fmt/format.h>

#include <numeric>

#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/elementwise/elementwise_reference.h"
#include "evenkeel/kernels/optimizer/optimizers.h"
#include "evenkeel/kernels/optimizer/optimizers_reference.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

std::vector<TensorType> AddL2Penalty::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 1, "loss", "[N], one number per sample");
  return {in[0]};
}

void AddL2Penalty::differentiate(Gradients& g) const {
  const Value dloss = g.of_output(0);
  if (g.wanted(0)) g.add(0, dloss);
  for (std::size_t i = 0; i < factors_.size(); ++i) {
    const int w = static_cast<int>(i) + 1;
    if (g.wanted(w)) g.add(w, g.emit_one(L2PenaltyGradient(factors_[i]), {g.input(w), dloss}));
  }
}

Kernel AddL2Penalty::choose(const KernelRequest& request) const {
  const auto penalty = [factors = factors_](auto squared_norm) {
    double sum = 0;
    for (std::size_t i = 0; i < factors.size(); ++i) sum += factors[i] * squared_norm(static_cast<int>(i) + 1);
    return sum;
  };
  return by_precision(
      request,
      [penalty](const KernelCall& c) {
        const double sum = penalty([&](int w) { return kernels::squared_norm(c.in<float>(w), c.threads()); });
        kernels::scale_offset(c.in<float>(0), 1, static_cast<float>(sum), c.out<float>(0), c.threads());
      },
      [penalty](const KernelCall& c) {
        const double sum = penalty([&](int w) { return kernels::reference::squared_norm(c.in<double>(w)); });
        kernels::reference::scale_offset<double>(c.in<double>(0), 1, sum, c.out<double>(0));
      });
}

std::string L2PenaltyGradient::detail() const { return fmt::format("{:g}", factor_); }

Kernel L2PenaltyGradient::choose(const KernelRequest& request) const {
  const auto scale = [factor = factor_](const auto& dloss) {
    return 2 * factor * std::accumulate(dloss.begin(), dloss.end(), 0.0);
  };
  return by_precision(
      request,
      [scale](const KernelCall& c) {
        kernels::scale_offset(c.in<float>(0), static_cast<float>(scale(c.in<float>(1))), 0, c.out<float>(0),
                              c.threads());
      },
      [scale](const KernelCall& c) {
        kernels::reference::scale_offset<double>(c.in<double>(0), scale(c.in<double>(1)), 0, c.out<double>(0));
      });
}

}  // namespace evenkeel::ops
