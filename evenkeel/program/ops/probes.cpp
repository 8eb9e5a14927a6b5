#include "evenkeel/program/ops/probes.h"

#include "evenkeel/kernels/probe/extremes.h"
#include "evenkeel/kernels/probe/extremes_reference.h"
#include "evenkeel/kernels/probe/moments.h"
#include "evenkeel/kernels/probe/moments_reference.h"

namespace evenkeel::ops {
namespace {

/// `accumulate(x, count, a, b)` merges the rows of x into a and b, which are those of `count` rows before.
template <class T, class Accumulate>
void add_rows(const KernelCall& c, Accumulate accumulate) {
  double& count = c.inout<double>(1)[0];
  const auto x = c.in_rows<T>(0);
  accumulate(x, count, c.inout<double>(2), c.inout<double>(3));
  count += static_cast<double>(x.rows);
}

}  // namespace

std::vector<TensorType> AccumulateMoments::infer(std::span<const TensorType>) const { return {}; }

Kernel AccumulateMoments::choose(const KernelRequest& request) const {
  return by_element(
      request,
      []<class T>(const KernelCall& c, T) {
        add_rows<T>(c, [&](auto x, double count, auto mean, auto m2) {
          kernels::accumulate_moments<T>(x, count, mean, m2, c.threads());
        });
      },
      [](const KernelCall& c) { add_rows<double>(c, kernels::reference::accumulate_moments<double>); });
}

std::vector<TensorType> AccumulateExtremes::infer(std::span<const TensorType>) const { return {}; }

Kernel AccumulateExtremes::choose(const KernelRequest& request) const {
  return by_element(
      request,
      []<class T>(const KernelCall& c, T) {
        add_rows<T>(c, [&](auto x, double count, auto smallest, auto largest) {
          kernels::accumulate_extremes<T>(x, count, smallest, largest, c.threads());
        });
      },
      [](const KernelCall& c) { add_rows<double>(c, kernels::reference::accumulate_extremes<double>); });
}

}  // namespace evenkeel::ops
