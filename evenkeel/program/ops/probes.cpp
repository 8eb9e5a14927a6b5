#include "evenkeel/program/ops/probes.h"

#include "evenkeel/kernels/moments.h"
#include "evenkeel/kernels/reference/moments.h"

namespace evenkeel::ops {

std::vector<TensorType> AccumulateMoments::infer(std::span<const TensorType>) const { return {}; }

Kernel AccumulateMoments::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [](const KernelCall& c) {
        double& count = c.inout<double>(1)[0];
        const auto x = c.in_rows<float>(0);
        kernels::accumulate_moments(x, count, c.inout<double>(2), c.inout<double>(3), c.threads());
        count += static_cast<double>(x.rows);
      },
      [](const KernelCall& c) {
        double& count = c.inout<double>(1)[0];
        const auto x = c.in_rows<double>(0);
        kernels::reference::accumulate_moments<double>(x, count, c.inout<double>(2), c.inout<double>(3));
        count += static_cast<double>(x.rows);
      });
}

}  // namespace evenkeel::ops
