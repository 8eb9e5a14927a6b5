#include "evenkeel/program/ops/ghost_batch_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/batch_norm.h"
#include "evenkeel/program/ops/normalization.h"

namespace evenkeel::ops {
namespace {

/// The groups that a batch falls into, as stretches of its rows (samples and positions).
struct Groups {
  Groups(const Shape& x, std::int64_t group_samples)
      : rows(x.size() / x.back()),
        rows_of_group(group_samples * (rows / x[0])),
        count((rows + rows_of_group - 1) / rows_of_group) {}

  std::int64_t first(std::int64_t group) const { return group * rows_of_group; }
  std::int64_t size(std::int64_t group) const { return std::min(rows_of_group, rows - first(group)); }
  double share(std::int64_t group) const { return static_cast<double>(size(group)) / static_cast<double>(rows); }

  std::int64_t rows, rows_of_group, count;
};

template <class T>
Operand operand_of(std::span<T> values) {
  const auto size = std::ssize(values);
  return {reinterpret_cast<std::byte*>(const_cast<std::remove_const_t<T>*>(values.data())), size, size};
}

/// A group's rows of a matrix.
template <class T>
Operand part_of(kernels::Matrix<T> all, const Groups& groups, std::int64_t group) {
  using Element = std::remove_const_t<T>;
  return {reinterpret_cast<std::byte*>(const_cast<Element*>(all.row(groups.first(group)))),
          groups.size(group) * all.columns, all.columns};
}

/// A row of [groups, C].
template <class T>
Operand row_of(kernels::Matrix<T> all, std::int64_t row) {
  return operand_of(std::span<T>(all.row(row), static_cast<std::size_t>(all.columns)));
}

/// Two matrices [groups, C] in the scratch memory behind what a group's own kernel takes.
template <class S>
std::array<kernels::Matrix<S>, 2> per_group(const KernelCall& c, std::size_t taken, std::int64_t groups,
                                            std::int64_t channels) {
  S* first = reinterpret_cast<S*>(c.scratch() + taken);
  return {{{first, groups, channels}, {first + groups * channels, groups, channels}}};
}

std::size_t per_group_bytes(const Groups& groups, std::int64_t channels) {
  return 2 * static_cast<std::size_t>(groups.count * channels) * sizeof(double);
}

/// to = the sum over the groups of weight(group) * their rows.
template <class S, class Weight>
void add_up(kernels::Matrix<S> rows, std::span<S> to, Weight weight) {
  for (std::size_t c = 0; c < to.size(); ++c) {
    double sum = 0;
    for (std::int64_t group = 0; group < rows.rows; ++group) sum += weight(group) * double{rows.row(group)[c]};
    to[c] = static_cast<S>(sum);
  }
}

template <class T>
void forward(const KernelCall& c, const Kernel& of_group, const Groups& groups, const LayerMode& mode) {
  using S = Precise<T>;
  constexpr int kOperands = 7;
  const auto x = c.in_rows<T>(0);
  const auto y = c.out_rows<T>(0);
  const auto mean = c.out_rows<S>(1), inv_std = c.out_rows<S>(2);
  const auto [means, variances] = per_group<S>(c, of_group.scratch_bytes, groups.count, x.columns);
  for (std::int64_t group = 0; group < groups.count; ++group) {
    std::array<Operand, kOperands> inputs{part_of(x, groups, group)};
    for (int i = 1; i < kOperands; ++i) inputs[static_cast<std::size_t>(i)] = operand_of(optional_in<S>(c, i));
    const std::array<Operand, 5> outputs{part_of(y, groups, group), row_of(mean, group), row_of(inv_std, group),
                                         row_of(means, group), row_of(variances, group)};
    of_group.run(KernelCall(inputs, outputs, c.scratch(), c.step(), c.threads()));
  }
  if (mode.statistics != Statistics::batch && !mode.update_statistics) return;
  const auto share = [&](std::int64_t group) { return groups.share(group); };
  add_up(means, c.out<S>(3), share);
  add_up(variances, c.out<S>(4), share);
}

template <class T>
void backward(const KernelCall& c, const Kernel& of_group, const Groups& groups) {
  using S = Precise<T>;
  const auto x = c.in_rows<T>(0), dy = c.in_rows<T>(2);
  const auto dx = c.out_rows<T>(0);
  const auto mean = c.in_rows<S>(4), inv_std = c.in_rows<S>(5);
  const auto [dgammas, dbetas] = per_group<S>(c, of_group.scratch_bytes, groups.count, x.columns);
  for (std::int64_t group = 0; group < groups.count; ++group) {
    const std::array<Operand, 6> inputs{part_of(x, groups, group),  Operand(),
                                        part_of(dy, groups, group), operand_of(optional_in<S>(c, 3)),
                                        row_of(mean, group),        row_of(inv_std, group)};
    const std::array<Operand, 3> outputs{part_of(dx, groups, group), row_of(dgammas, group), row_of(dbetas, group)};
    of_group.run(KernelCall(inputs, outputs, c.scratch(), c.step(), c.threads()));
  }
  const auto whole = [](std::int64_t) { return 1.0; };
  add_up(dgammas, c.out<S>(1), whole);
  add_up(dbetas, c.out<S>(2), whole);
}

}  // namespace

std::string GhostBatchNorm::detail() const { return fmt::format("groups of {}", group_samples_); }

std::vector<TensorType> GhostBatchNorm::infer(std::span<const TensorType> in) const {
  std::vector<TensorType> out = BatchNorm(layer_, epsilon_).infer(in);
  const std::int64_t groups = Groups(in[0].shape, group_samples_).count;
  for (int used : {1, 2}) out[static_cast<std::size_t>(used)].shape = {groups, in[0].shape.back()};
  return out;
}

void GhostBatchNorm::differentiate(Gradients& g) const {
  if (!g.of_output(0)) return;
  const auto d = g.emit(GhostBatchNormGradient(layer_, group_samples_),
                        {g.input(0), Value(), g.of_output(0), g.input(1), g.output(1), g.output(2)});
  for (int i : {0, 1, 2})
    if (g.wanted(i)) g.add(i, d[static_cast<std::size_t>(i)]);
}

Kernel GhostBatchNorm::choose(const KernelRequest& r) const {
  const Kernel of_group = BatchNorm(layer_, epsilon_).choose(r);
  const Groups groups(r.inputs[0].shape, group_samples_);
  const auto run = [=, layer = layer_]<class T>(const KernelCall& c, T) {
    forward<T>(c, of_group, groups, c.step().mode(layer));
  };
  Kernel kernel = by_element(r, run, [run](const KernelCall& c) { run(c, double{}); });
  kernel.scratch_bytes = of_group.scratch_bytes + per_group_bytes(groups, r.inputs[0].shape.back());
  return kernel;
}

std::string GhostBatchNormGradient::detail() const { return fmt::format("groups of {}", group_samples_); }

std::vector<TensorType> GhostBatchNormGradient::infer(std::span<const TensorType> in) const {
  const TensorType vector{{in[0].shape.back()}, in[4].dtype};
  return {in[0], vector, vector};
}

Kernel GhostBatchNormGradient::choose(const KernelRequest& r) const {
  const Kernel of_group = BatchNormGradient(layer_, kernels::Activation::linear).choose(r);
  const Groups groups(r.inputs[0].shape, group_samples_);
  const auto run = [=]<class T>(const KernelCall& c, T) { backward<T>(c, of_group, groups); };
  Kernel kernel = by_element(r, run, [run](const KernelCall& c) { run(c, double{}); });
  kernel.scratch_bytes = of_group.scratch_bytes + per_group_bytes(groups, r.inputs[0].shape.back());
  return kernel;
}

}  // namespace evenkeel::ops
