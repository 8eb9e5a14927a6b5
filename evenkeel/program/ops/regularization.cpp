#include "evenkeel/program/ops/regularization.h"

#include <fmt/format.h>

#include "evenkeel/kernels/loss/list.h"
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

Kernel AddL2Penalty::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AddL2Penalty{factors_}, r);
}

std::string L2PenaltyGradient::detail() const { return fmt::format("{:g}", factor_); }

Kernel L2PenaltyGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::L2PenaltyGradient{factor_}, r);
}

}  // namespace evenkeel::ops
