#pragma once

#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// What it costs that a softmax takes only a small range of numbers: against the same scores at the temperature that
/// suits them best. Adds it to the finding, an error where it matters. `outputs_are_scores`: the network yields what
/// the softmax made of them.
void weigh_flat_scores(Evidence& evidence, bool outputs_are_scores, Finding& finding);

}  // namespace evenkeel
