#pragma once

#include "evenkeel/kernels/communication/list.h"
#include "evenkeel/program/op.h"

// The lines that meet those of the other processes which train on the rest of the batch (passes/spread.h).

namespace evenkeel::ops {

/// (mean [C], biased variance [C] of this process's samples, a mean [C] near those or absent) -> mean and variance of
/// the batch. Number, mean and sum of squares are merged in double. Idle in the same modes as Moments.
class MergeMoments final : public Op {
 public:
  MergeMoments(std::optional<int> layer, kernels::MergeMoments task) : layer_(layer), task_(task) {}
  std::string_view kind() const override { return "merge_moments"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }
  bool is_idle(const LayerMode& mode) const override;

 private:
  std::optional<int> layer_;
  kernels::MergeMoments task_;
};

/// Two vectors, of which one may be absent -> their sums over the processes, added in double; of an absent one 0. With
/// a layer: copies where the layer does not use the batch's statistics, because then nobody needs the sums.
class SumOverProcesses final : public Op {
 public:
  SumOverProcesses(std::optional<int> layer, kernels::SumOverProcesses task) : layer_(layer), task_(task) {}
  std::string_view kind() const override { return "sum_over_processes"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::optional<int> layer() const override { return layer_; }

 private:
  std::optional<int> layer_;
  kernels::SumOverProcesses task_;
};

/// (the block of gradients): begins to replace a part of it by its sum over the processes. The part is there after
/// FinishGradientSums; until then nothing may read or write it.
class StartGradientSum final : public Op {
 public:
  explicit StartGradientSum(kernels::StartGradientSum task) : task_(task) {}
  std::string_view kind() const override { return "start_gradient_sum"; }
  std::int64_t elements() const { return task_.size; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType>) const override { return {}; }
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }

 private:
  kernels::StartGradientSum task_;
};

/// (the block of gradients): waits for all sums that were begun.
class FinishGradientSums final : public Op {
 public:
  explicit FinishGradientSums(kernels::FinishGradientSums task) : task_(task) {}
  std::string_view kind() const override { return "finish_gradient_sums"; }
  std::vector<TensorType> infer(std::span<const TensorType>) const override { return {}; }
  Kernel choose(const KernelRequest&) const override;
  bool has_effect() const override { return true; }

 private:
  kernels::FinishGradientSums task_;
};

}  // namespace evenkeel::ops
