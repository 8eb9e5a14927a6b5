#pragma once

#include <vector>

#include "evenkeel/distributed/cost_model.h"
#include "evenkeel/program/executor.h"

namespace evenkeel {

/// What a training program that is spread over processes does, for the model of the cost: its lines with these seconds,
/// and the sums between them; after it, the sum of the figures of the step.
std::vector<LocalEvent> local_step(const Program& program, const std::vector<double>& line_seconds);

}  // namespace evenkeel
