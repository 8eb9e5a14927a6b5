#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/program/executor.h"

namespace evenkeel {

/// A line of a program, as `evenkeel plan` shows it.
struct PlanLine {
  Phase phase = Phase::forward;
  std::string label;  ///< the layer's name, or the purpose of the line
  std::string op, detail;
  std::string kernel;  ///< empty for a view, and for a line that is idle in the step
  std::vector<Shape> outputs;
  std::int64_t bytes = 0;  ///< read and written: the sizes of all operands, each once; 0 without a kernel
  double flops = 0;        ///< 0 for ops whose time does not depend on arithmetic (Op::flops)
};

/// What the lines do in such a step; it depends on the modes of the layers.
std::vector<PlanLine> plan_of(const Executor& executor, const StepContext& step);

/// Sums over lines. The bytes are those that a step would move to and from memory without caches.
struct PlanTotals {
  std::int64_t bytes = 0;
  double flops = 0;
};
PlanTotals totals_of(const std::vector<PlanLine>& plan);

/// Seconds per line, each the median over `runs` (1 or more) whole runs of the program, after one that is not counted.
/// Inputs must be bound. Like all runs, these change weights, statistics and slots if the program does.
std::vector<double> median_seconds(Executor& executor, StepContext step, int runs);

}  // namespace evenkeel
