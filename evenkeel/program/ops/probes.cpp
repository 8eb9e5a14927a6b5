#include "evenkeel/program/ops/probes.h"

#include "evenkeel/kernels/probe/list.h"

namespace evenkeel::ops {
std::vector<TensorType> AccumulateMoments::infer(std::span<const TensorType>) const { return {}; }

Kernel AccumulateMoments::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AccumulateMoments{}, r);
}

std::vector<TensorType> AccumulateExtremes::infer(std::span<const TensorType>) const { return {}; }

Kernel AccumulateExtremes::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::AccumulateExtremes{}, r);
}

}  // namespace evenkeel::ops
