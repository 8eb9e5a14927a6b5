#pragma once

#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// Measures, for each finding with a known repair, what the repair would gain. A gain is not promised if the network
/// stays near guessing, gets worse, or does not change measurably.
void add_outlooks(Evidence& evidence, std::vector<Finding>& findings);

/// The same for repairs that are tried on a copy of the network, with its original weights. Call it while there is no
/// evidence, which replaces weights.
void add_tried_outlooks(Network& network, const Dataset& sample, std::vector<Finding>& findings);

}  // namespace evenkeel
