#pragma once

#include "evenkeel/diagnose/measure/live_network.h"
#include "evenkeel/distributed/communicator.h"

namespace evenkeel {

/// The moments of all processes' values together, in every process. One without values has a count of 0, and as many
/// channels as the others.
LiveMoments merged(Communicator& among, const LiveMoments& own);

}  // namespace evenkeel
