#pragma once

#include "evenkeel/base/threads.h"
#include "evenkeel/program/plan.h"

namespace evenkeel {

/// What a machine can do at most: the roofline (Williams et al. 2009).
struct Roofline {
  double gflops = 0;        ///< of multiply-adds in registers
  double gbytes_per_s = 0;  ///< to and from memory that no cache holds
};

/// This machine's, measured now (kernels/machine/machine_limits.h): half a second.
Roofline measure_roofline(const Threads& threads);

/// How a line of a program stands below the roofline.
struct Standing {
  double gflops = 0, gbytes_per_s = 0;  ///< achieved
  bool bound_by_arithmetic = false;     ///< else by memory: what takes longer at the machine's limits
  double share = 0;  ///< of the limit that binds. Above 1: what the line reads was in the caches still
};

/// Of a line that took so many seconds; all zero for a view.
Standing standing_of(const PlanLine& line, double seconds, const Roofline& roofline);

}  // namespace evenkeel
