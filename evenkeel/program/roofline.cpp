#include "evenkeel/program/roofline.h"

#include <algorithm>

#include "evenkeel/kernels/machine/machine_limits.h"

namespace evenkeel {

Roofline measure_roofline(const Threads& threads) {
  return {.gflops = kernels::fma_gflops(threads), .gbytes_per_s = kernels::copy_gbytes_per_s(threads)};
}

Standing standing_of(const PlanLine& line, double seconds, const Roofline& roofline) {
  if (line.kernel.empty() || seconds <= 0) return {};
  const double giga_flops = line.flops / 1e9, giga_bytes = static_cast<double>(line.bytes) / 1e9;
  const double arithmetic = giga_flops / roofline.gflops, memory = giga_bytes / roofline.gbytes_per_s;
  return {.gflops = giga_flops / seconds,
          .gbytes_per_s = giga_bytes / seconds,
          .bound_by_arithmetic = arithmetic > memory,
          .share = std::max(arithmetic, memory) / seconds};
}

}  // namespace evenkeel
