#include "evenkeel/program/ops/communication.h"

#include <fmt/format.h>

#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

std::string MergeMoments::detail() const { return fmt::format("{} of {} rows", task_.rows, task_.total); }

std::vector<TensorType> MergeMoments::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "statistics");
  return {in[0], in[1]};
}

bool MergeMoments::is_idle(const LayerMode& mode) const {
  return mode.statistics != Statistics::batch && !mode.update_statistics;
}

Kernel MergeMoments::choose(const KernelRequest& r) const { return kernels::choose(task_, r); }

std::vector<TensorType> SumOverProcesses::infer(std::span<const TensorType> in) const {
  const TensorType& type = in[0].shape.rank() > 0 ? in[0] : in[1];
  return {type, type};
}

Kernel SumOverProcesses::choose(const KernelRequest& r) const { return kernels::choose(task_, r); }

std::string StartGradientSum::detail() const { return fmt::format("{} from {}", task_.size, task_.offset); }

Kernel StartGradientSum::choose(const KernelRequest& r) const { return kernels::choose(task_, r); }

Kernel FinishGradientSums::choose(const KernelRequest& r) const { return kernels::choose(task_, r); }

}  // namespace evenkeel::ops
