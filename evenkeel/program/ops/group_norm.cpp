#include "evenkeel/program/ops/group_norm.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/kernels/normalization/group_norm_reference.h"
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

/// A vector per channel that may be absent: then one of `otherwise` in row `row` of the scratch memory.
template <class T>
std::span<const T> vector_or(const KernelCall& c, int input, T otherwise, int row, std::int64_t channels) {
  if (c.has(input)) return c.in<T>(input);
  const std::span<T> made{reinterpret_cast<T*>(c.scratch()) + row * channels, static_cast<std::size_t>(channels)};
  std::ranges::fill(made, otherwise);
  return made;
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
  const Grouping grouping = grouping_of(r.inputs[0].shape, options_);
  Kernel kernel = by_element(
      r,
      [grouping, epsilon = options_.epsilon]<class T>(const KernelCall& c, T) {
        const auto gamma = vector_or(c, 1, 1.0f, 0, grouping.channels),
                   beta = vector_or(c, 2, 0.0f, 1, grouping.channels);
        kernels::group_norm<T>(c.in<T>(0), grouping, epsilon, gamma, beta, c.out<T>(0), c.out<float>(1),
                               c.out<float>(2), c.threads());
      },
      [grouping, epsilon = options_.epsilon](const KernelCall& c) {
        const auto gamma = vector_or(c, 1, 1.0, 0, grouping.channels),
                   beta = vector_or(c, 2, 0.0, 1, grouping.channels);
        kernels::reference::group_norm<double>(c.in<double>(0), grouping, epsilon, gamma, beta, c.out<double>(0),
                                               c.out<double>(1), c.out<double>(2));
      });
  kernel.scratch_bytes = 2 * static_cast<std::size_t>(grouping.channels) * size_of(r.real);
  return kernel;
}

std::string GroupNormGradient::detail() const { return text_of(options_); }

std::vector<TensorType> GroupNormGradient::infer(std::span<const TensorType> in) const {
  const TensorType vector{{in[0].shape.back()}, in[3].dtype};
  return {in[0], vector, vector};
}

Kernel GroupNormGradient::choose(const KernelRequest& r) const {
  const Grouping grouping = grouping_of(r.inputs[0].shape, options_);
  Kernel kernel = by_element(
      r,
      [grouping]<class T>(const KernelCall& c, T) {
        const auto gamma = vector_or(c, 2, 1.0f, 0, grouping.channels);
        kernels::group_norm_gradient<T>(c.in<T>(0), c.in<T>(1), grouping, gamma, c.in<float>(3), c.in<float>(4),
                                        c.out<T>(0), c.out<float>(1), c.out<float>(2), c.threads());
      },
      [grouping](const KernelCall& c) {
        const auto gamma = vector_or(c, 2, 1.0, 0, grouping.channels);
        kernels::reference::group_norm_gradient<double>(c.in<double>(0), c.in<double>(1), grouping, gamma,
                                                        c.in<double>(3), c.in<double>(4), c.out<double>(0),
                                                        c.out<double>(1), c.out<double>(2));
      });
  kernel.scratch_bytes = static_cast<std::size_t>(grouping.channels) * size_of(r.real);
  return kernel;
}

}  // namespace evenkeel::ops
