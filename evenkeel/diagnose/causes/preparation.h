#pragma once

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

namespace evenkeel {

/// What prepares samples as a correction would have them, as code with its numbers: Rescaling(1 / 16.5).
Remedy preparation(const InputCorrection& correction);

}  // namespace evenkeel
