#include "evenkeel/program/ops/statistics.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/kernels/normalization/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

bool needs_batch_statistics(const LayerMode& mode) {
  return mode.statistics == Statistics::batch || mode.update_statistics;
}

std::int64_t groups_of(std::int64_t samples, std::int64_t group_samples) {
  return (samples + group_samples - 1) / group_samples;
}

void require_statistics(std::span<const TensorType> in) {
  for (const TensorType& type : in) require_same(in[0], type, "statistics");
}

}  // namespace

std::string Moments::detail() const {
  return group_samples_ == 0 ? std::string() : fmt::format("groups of {}", group_samples_);
}

std::vector<TensorType> Moments::infer(std::span<const TensorType> in) const {
  if (in[0].shape.rank() < 2)
    throw Error{{.where = "input", .expected = "[N, ..., C]", .received = to_string(in[0].shape)}};
  const std::int64_t channels = in[0].shape.back();
  const Shape shape =
      group_samples_ == 0 ? Shape{channels} : Shape{groups_of(in[0].shape[0], group_samples_), channels};
  return {{shape, precise(in[0].dtype)}, {shape, precise(in[0].dtype)}};
}

void Moments::differentiate(Gradients& g) const {
  if (group_samples_ != 0)
    throw Error{{.kind = Error::unsupported,
                 .where = "moments",
                 .received = "the gradient of moments by groups is not defined"}};
  g.add(0, g.emit_one(MomentsGradient(), {g.input(0), g.output(0), g.of_output(0), g.of_output(1)}));
}

bool Moments::is_idle(const LayerMode& mode) const { return !needs_batch_statistics(mode); }

Kernel Moments::choose(const KernelRequest& r) const {
  const Shape& x = r.inputs[0].shape;
  const std::int64_t rows_of_sample = x.size() / x.back() / std::max<std::int64_t>(x[0], 1);
  return kernels::choose(kernels::Moments{.rows_of_group = group_samples_ * rows_of_sample}, r);
}

std::vector<TensorType> MomentsGradient::infer(std::span<const TensorType> in) const { return {in[0]}; }

Kernel MomentsGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::MomentsGradient{.rows = rows_}, r);
}

std::vector<TensorType> MergeGroups::infer(std::span<const TensorType> in) const {
  require_statistics(in);
  const TensorType vector{{in[0].shape.back()}, in[0].dtype};
  return {vector, vector};
}

bool MergeGroups::is_idle(const LayerMode& mode) const { return !needs_batch_statistics(mode); }

Kernel MergeGroups::choose(const KernelRequest& r) const {
  kernels::SumGroups task;
  for (std::int64_t first = 0; first < samples_; first += group_samples_)
    task.weights.push_back(static_cast<double>(std::min(group_samples_, samples_ - first)) /
                           static_cast<double>(total_));
  return kernels::choose(task, r);
}

std::vector<TensorType> SumGroups::infer(std::span<const TensorType> in) const {
  require_statistics(in);
  const TensorType vector{{in[0].shape.back()}, in[0].dtype};
  return {vector, vector};
}

Kernel SumGroups::choose(const KernelRequest& r) const {
  const auto groups = static_cast<std::size_t>(r.inputs[0].shape[0]);
  return kernels::choose(kernels::SumGroups{.weights = std::vector<double>(groups, 1.0)}, r);
}

std::vector<TensorType> SelectStatistics::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "statistics of the batch");
  static constexpr const char* kNames[] = {"moving mean", "moving variance", "supplied mean", "supplied variance"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) require_per_channel(in[0], in[i + 2], kNames[i]);
  return {in[0], in[0]};
}

void SelectStatistics::differentiate(Gradients& g) const {
  for (int i : {0, 1})
    if (g.wanted(i) && g.of_output(i)) g.add(i, g.emit_one(IfBatchStatistics(layer_), {g.of_output(i)}));
}

std::vector<int> SelectStatistics::passed_on(const LayerMode& mode) const {
  return mode.statistics == Statistics::moving ? std::vector<int>{2, 3} : std::vector<int>();
}

Kernel SelectStatistics::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::SelectStatistics{}, r);
}

Kernel IfBatchStatistics::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::IfBatchStatistics{}, r);
}

Kernel InverseDeviation::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::InverseDeviation{.epsilon = epsilon_}, r);
}

std::string UpdateStatistics::detail() const {
  return fmt::format("momentum {:g}{}", momentum_, unbiased_ ? ", unbiased" : "");
}

std::vector<TensorType> UpdateStatistics::infer(std::span<const TensorType> in) const {
  require_statistics(in.first(4));
  return {};
}

Kernel UpdateStatistics::choose(const KernelRequest& r) const {
  const double rows = static_cast<double>(rows_);
  const double factor = unbiased_ && rows_ > 1 ? rows / (rows - 1.0) : 1.0;
  return kernels::choose(kernels::UpdateStatistics{.momentum = momentum_, .variance_factor = factor}, r);
}

std::string Renormalization::detail() const { return fmt::format("r to {:g}, d to {:g}", r_max_, d_max_); }

std::vector<TensorType> Renormalization::infer(std::span<const TensorType> in) const {
  require_statistics(in);
  return {in[0], in[0]};
}

Kernel Renormalization::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Renormalization{.epsilon = epsilon_, .r_max = r_max_, .d_max = d_max_}, r);
}

}  // namespace evenkeel::ops
