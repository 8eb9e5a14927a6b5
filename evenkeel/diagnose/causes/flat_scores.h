#pragma once

#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// Measures what it costs that a softmax reads only a small range of numbers, compared with the same scores at the best
/// temperature. Adds the cost to the finding, which is an error if it matters. `outputs_are_scores`: the network's
/// outputs are those of the softmax, or their logarithms.
void weigh_flat_scores(Evidence& evidence, bool outputs_are_scores, Finding& finding);

}  // namespace evenkeel
