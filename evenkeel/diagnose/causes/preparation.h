#pragma once

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

namespace evenkeel {

/// Code, with its numbers, that prepares samples by a correction: Rescaling(1 / 16.5).
Remedy preparation(const InputCorrection& correction);

}  // namespace evenkeel
