#include "evenkeel/kernels/communication/list.h"

#include <algorithm>
#include <type_traits>

#include "evenkeel/kernels/kernel_list.h"

namespace evenkeel::kernels {
namespace {

std::size_t two_vectors(std::int64_t n) { return scratch_of<double>(2 * n); }

std::span<double> doubles(Scratch& scratch, std::size_t n) {
  return {scratch.take<double>(static_cast<std::int64_t>(n)), n};
}

/// In one sum: of the deviations from a shift that all know, and of their squares. In double this is exact to 1e-16
/// (mean - shift)^2 / variance: for numbers that are float.
template <class T>
void merge_by_shift(const MergeMoments& task, const KernelCall& c, std::span<double> sums) {
  const std::span<const T> mean = c.in<T>(0), variance = c.in<T>(1), shift = c.in_if_any<T>(2);
  const std::size_t n = mean.size();
  const double rows = static_cast<double>(task.rows), total = static_cast<double>(task.total);
  for (std::size_t i = 0; i < n && task.rows > 0; ++i) {
    const double apart = double{mean[i]} - (shift.empty() ? 0.0 : double{shift[i]});
    sums[i] = rows * apart;
    sums[n + i] = rows * (double{variance[i]} + apart * apart);
  }
  task.among->sum(sums);
  for (std::size_t i = 0; i < n; ++i) {
    const double apart = sums[i] / total;
    c.out<T>(0)[i] = static_cast<T>((shift.empty() ? 0.0 : double{shift[i]}) + apart);
    c.out<T>(1)[i] = static_cast<T>(std::max(0.0, sums[n + i] / total - apart * apart));
  }
}

/// In two sums: of the means, then of the squares around the mean of all. Nothing cancels.
template <class T>
void merge_in_two(const MergeMoments& task, const KernelCall& c, std::span<double> sums) {
  const std::span<const T> mean = c.in<T>(0), variance = c.in<T>(1);
  const std::size_t n = mean.size();
  const auto means = sums.first(n), squares = sums.last(n);
  const double rows = static_cast<double>(task.rows), total = static_cast<double>(task.total);
  for (std::size_t i = 0; i < n && task.rows > 0; ++i) means[i] = rows * double{mean[i]};
  task.among->sum(means);
  for (double& m : means) m /= total;
  for (std::size_t i = 0; i < n && task.rows > 0; ++i) {
    const double apart = double{mean[i]} - means[i];
    squares[i] = rows * (double{variance[i]} + apart * apart);
  }
  task.among->sum(squares);
  for (std::size_t i = 0; i < n; ++i) {
    c.out<T>(0)[i] = static_cast<T>(means[i]);
    c.out<T>(1)[i] = static_cast<T>(squares[i] / total);
  }
}

constexpr auto kMerge = []<class T>(const MergeMoments& task, const KernelCall& c, T) {
  Scratch scratch = c.scratch();
  const std::span<double> sums = doubles(scratch, 2 * c.in<T>(0).size());
  std::ranges::fill(sums, 0.0);
  if constexpr (std::is_same_v<T, double>)
    merge_in_two<T>(task, c, sums);
  else
    merge_by_shift<T>(task, c, sums);
};

constexpr auto kSum = []<class T>(const SumOverProcesses& task, const KernelCall& c, T) {
  Scratch scratch = c.scratch();
  const std::size_t n = c.out<T>(0).size();
  const std::span<double> sums = doubles(scratch, 2 * n);
  std::ranges::fill(sums, 0.0);
  for (const int i : {0, 1})
    if (task.counts && c.has(i)) std::ranges::copy(c.in<T>(i), sums.begin() + static_cast<std::ptrdiff_t>(n) * i);
  if (c.mode().statistics == Statistics::batch) task.among->sum(sums);
  for (const int i : {0, 1})
    for (std::size_t k = 0; k < n; ++k) c.out<T>(i)[k] = static_cast<T>(sums[static_cast<std::size_t>(i) * n + k]);
};

constexpr auto kStart = []<class T>(const StartGradientSum& task, const KernelCall& c, T) {
  const std::span<T> part =
      c.inout<T>(0).subspan(static_cast<std::size_t>(task.offset), static_cast<std::size_t>(task.size));
  if (!task.counts) std::ranges::fill(part, T{0});
  task.among->start_sum(part);
};

constexpr auto kFinish = []<class T>(const FinishGradientSums& task, const KernelCall&, T) {
  task.among->finish_sums();
};

const char* const kOverProcesses = "over processes";

}  // namespace

Kernel choose(const MergeMoments& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{kOverProcesses, kReals, kMerge, [](const MergeMoments&, const KernelRequest& r) {
                               return two_vectors(r.outputs[0].shape.size());
                             }}});
}

Kernel choose(const SumOverProcesses& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{kOverProcesses, kReals, kSum, [](const SumOverProcesses&, const KernelRequest& r) {
                               return two_vectors(r.outputs[0].shape.size());
                             }}});
}

Kernel choose(const StartGradientSum& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{kOverProcesses, kReals, kStart}});
}

Kernel choose(const FinishGradientSums& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{kOverProcesses, kReals, kFinish}});
}

}  // namespace evenkeel::kernels
