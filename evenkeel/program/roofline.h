#pragma once

#include "evenkeel/base/threads.h"
#include "evenkeel/program/plan.h"

namespace evenkeel {

/// The limits of a machine: the roofline model (Williams et al. 2009).
struct Roofline {
  double gflops = 0;        ///< of multiply-adds in registers
  double gbytes_per_s = 0;  ///< to and from memory that is in no cache
};

/// Measures this machine's limits (kernels/machine/machine_limits.h). Takes half a second.
Roofline measure_roofline(const Threads& threads);

/// How near a line of a program comes to the machine's limits.
struct Standing {
  double gflops = 0, gbytes_per_s = 0;  ///< achieved
  bool bound_by_arithmetic = false;     ///< else by memory; the limit is whichever takes longer
  double share = 0;                     ///< of that limit. Above 1 if the line read from caches
};

/// For a line that took so many seconds; all zero for a view.
Standing standing_of(const PlanLine& line, double seconds, const Roofline& roofline);

}  // namespace evenkeel
