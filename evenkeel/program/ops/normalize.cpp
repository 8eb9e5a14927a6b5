#include "evenkeel/program/ops/normalize.h"

#include <fmt/format.h>

#include "evenkeel/kernels/normalization/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"
#include "evenkeel/program/ops/statistics.h"

namespace evenkeel::ops {
namespace {

std::string text_of(const NormalizeOptions& options) {
  std::string text;
  if (options.group_samples > 0) text += fmt::format(", groups of {}", options.group_samples);
  if (options.f != kernels::Activation::linear) text += fmt::format(", {}", kernels::name_of(options.f));
  if (options.pool) text += ", " + to_string(*options.pool);
  return text.empty() ? text : text.substr(2);
}

/// The description for the kernels, for the shape of x.
kernels::Normalization normalization_of(const NormalizeOptions& options, const Shape& x) {
  kernels::Normalization n{.f = options.f};
  if (options.pool) n.pool = window_over(x, *options.pool);
  if (options.group_samples > 0) n.rows_of_group = options.group_samples * (x.size() / x.back() / x[0]);
  return n;
}

}  // namespace

std::string Normalize::detail() const { return text_of(options_); }

std::vector<TensorType> Normalize::infer(std::span<const TensorType> in) const {
  static constexpr const char* kNames[] = {"x", "gamma", "beta"};
  for (std::size_t i : {1u, 2u})
    if (in[i].shape.rank() > 0) require_per_channel(in[0], in[i], kNames[i]);
  require_same(in[3], in[4], "statistics");
  if (!options_.pool) return {in[0]};
  const kernels::Window w = window_over(in[0].shape, *options_.pool);
  return {{{w.n, w.oh, w.ow, w.c}, in[0].dtype}};
}

void Normalize::differentiate(Gradients& g) const {
  const bool by_output = options_.f.is_monotone() && options_.f != kernels::Activation::linear;
  const Value y = by_output ? g.output(0) : Value();
  // Only finding the maxima again, or the activation's input, needs all of the forward's operands.
  const bool again = options_.pool || !options_.f.is_monotone();
  const Value gamma = g.input(1), beta = again ? g.input(2) : Value();
  const auto sums = g.emit(NormalizeSums(options_),
                           {g.input(0), y, g.of_output(0), again ? gamma : Value(), beta, g.input(3), g.input(4)});
  const auto totals = options_.group_samples > 0 ? g.emit(SumGroups(), sums) : sums;
  for (int i : {1, 2})
    if (g.wanted(i)) g.add(i, totals[static_cast<std::size_t>(i) - 1]);
  if (!g.wanted(0)) return;
  g.add(0, g.emit_one(NormalizeDataGradient(layer_, options_),
                      {g.input(0), y, g.of_output(0), gamma, beta, g.input(3), g.input(4), sums[0], sums[1]}));
}

std::shared_ptr<const Op> Normalize::with_activation(kernels::Activation f) const {
  if (options_.f != kernels::Activation::linear || options_.group_samples > 0) return nullptr;
  if (options_.pool && !f.is_monotone()) return nullptr;
  NormalizeOptions joined = options_;
  joined.f = f;
  return std::make_shared<const Normalize>(layer_, joined);
}

std::shared_ptr<const Op> Normalize::with_max_pool(const WindowOptions& window) const {
  if (window.strides != window.kernel || options_.pool || options_.group_samples > 0) return nullptr;
  if (!options_.f.is_monotone()) return nullptr;
  NormalizeOptions joined = options_;
  joined.pool = window;
  return std::make_shared<const Normalize>(layer_, joined);
}

bool Normalize::is_per_channel() const {
  return options_.f == kernels::Activation::linear && !options_.pool && options_.group_samples == 0;
}

Kernel Normalize::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Normalize{normalization_of(options_, r.inputs[0].shape)}, r);
}

std::vector<std::pair<int, int>> Normalize::in_place() const {
  if (options_.pool) return {};
  return {{0, 0}};
}

std::string NormalizeSums::detail() const { return text_of(options_); }

std::vector<TensorType> NormalizeSums::infer(std::span<const TensorType> in) const { return {in[5], in[5]}; }

Kernel NormalizeSums::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::NormalizeSums{normalization_of(options_, r.inputs[0].shape)}, r);
}

std::string NormalizeDataGradient::detail() const { return text_of(options_); }

Kernel NormalizeDataGradient::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::NormalizeDataGradient{normalization_of(options_, r.inputs[0].shape), rows_}, r);
}

std::vector<std::pair<int, int>> NormalizeDataGradient::in_place() const {
  if (options_.pool) return {{0, 0}};
  return {{0, 2}};
}

}  // namespace evenkeel::ops
