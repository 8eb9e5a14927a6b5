#include "evenkeel/program/ops/group_norm.h"

#include <fmt/format.h>

#include "evenkeel/kernels/normalization/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

using kernels::Grouping;

Grouping grouping_of(const Shape& x, const GroupNormOptions& options) {
  const std::int64_t channels = x.back(), places = x.size() / channels;
  const std::int64_t samples = options.per_position ? places : x[0];
  return {.samples = samples,
          .positions = places / samples,
          .channels = channels,
          .groups = options.groups,
          .centered = options.centered};
}

std::string text_of(const GroupNormOptions& options) {
  return fmt::format("{} group{}{}{}", options.groups, options.groups == 1 ? "" : "s",
                     options.per_position ? " per position" : "", options.centered ? "" : ", not centered");
}

}  // namespace

std::string GroupNorm::detail() const { return text_of(options_); }

std::vector<TensorType> GroupNorm::infer(std::span<const TensorType> in) const {
  if (in[0].shape.rank() < 2)
    throw Error{{.where = "input", .expected = "[N, ..., C]", .received = to_string(in[0].shape)}};
  if (in[0].shape.back() % options_.groups != 0)
    throw Error{{.where = "groups",
                 .expected = fmt::format("a divisor of {}, the channels of {}", in[0].shape.back(),
                                         to_string_batched(in[0].shape.without_first())),
                 .received = std::to_string(options_.groups)}};
  if (in[1].shape.rank() > 0) require_per_channel(in[0], in[1], "gamma");
  if (in[2].shape.rank() > 0) require_per_channel(in[0], in[2], "beta");
  const Grouping grouping = grouping_of(in[0].shape, options_);
  const TensorType statistics{{grouping.samples, grouping.groups}, precise(in[0].dtype)};
  return {in[0], statistics, statistics};
}

void GroupNorm::differentiate(Gradients& g) const {
  const auto d =
      g.emit(GroupNormGradient(options_), {g.input(0), g.of_output(0), g.input(1), g.output(1), g.output(2)});
  for (int i : {0, 1, 2})
    if (g.wanted(i)) g.add(i, d[static_cast<std::size_t>(i)]);
}

Kernel GroupNorm::choose(const KernelRequest& r) const {
  return kernels::choose(
      kernels::GroupNorm{.grouping = grouping_of(r.inputs[0].shape, options_), .epsilon = options_.epsilon}, r);
}

std::string GroupNormGradient::detail() const { return text_of(options_); }

std::vector<TensorType> GroupNormGradient::infer(std::span<const TensorType> in) const {
  const TensorType vector{{in[0].shape.back()}, in[3].dtype};
  return {in[0], vector, vector};
}

Kernel GroupNormGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::GroupNormGradient{.grouping = grouping_of(r.inputs[0].shape, options_)}, r);
}

}  // namespace evenkeel::ops
