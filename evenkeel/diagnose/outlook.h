#pragma once

#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// Gives each finding that a repair is known for what that would bring. It is not promised where it leaves the network
/// near guessing, makes it worse, or changes nothing that can be measured.
void add_outlooks(Evidence& evidence, std::vector<Finding>& findings);

/// The same for repairs that are tried on a copy of the network, with its own weights: while no evidence is there.
void add_tried_outlooks(Network& network, const Dataset& sample, std::vector<Finding>& findings);

}  // namespace evenkeel
