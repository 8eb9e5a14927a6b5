#pragma once

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

namespace evenkeel {

/// Code, with its numbers, that prepares samples by a hypothesis: Rescaling(1 / 16.5).
Remedy preparation(const InputHypothesis& hypothesis);

}  // namespace evenkeel
