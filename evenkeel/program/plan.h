#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/program/executor.h"

namespace evenkeel {

/// A line of a program in words and numbers.
struct PlanLine {
  Phase phase = Phase::forward;
  std::string label;  ///< the layer's name, or what the line is for
  std::string op, detail;
  std::string kernel;  ///< empty for a view and where the step leaves nothing to do
  std::vector<Shape> outputs;
  std::int64_t bytes = 0;  ///< of all operands, each once: what the line reads and writes; 0 without a kernel
  double flops = 0;        ///< 0 where time is not explained by arithmetic
};

/// What the lines do in such a step: the modes of its layers count.
std::vector<PlanLine> plan_of(const Executor& executor, const StepContext& step);

/// Sums over lines. The bytes are what a step moves to and from memory if no cache helps: passes over memory.
struct PlanTotals {
  std::int64_t bytes = 0;
  double flops = 0;
};
PlanTotals totals_of(const std::vector<PlanLine>& plan);

/// Seconds per line, each the median over `runs` (1 or more) whole runs of the program, after one that is not counted.
/// Inputs must be bound. Runs change what the program changes: weights, statistics, slots.
std::vector<double> median_seconds(Executor& executor, StepContext step, int runs);

}  // namespace evenkeel
