#pragma once

#include <vector>

#include "evenkeel/report/tensorboard/event_file.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// Appends histograms of all that a training step of `runner` read and left: `weights/<tensor>`, `gradients/<tensor>`,
/// `statistics/<tensor>` (moving mean and variance, and the batch's behind each), and `not_finite/<histogram>`, a
/// count, where a tensor holds NaN or infinities. Reads each tensor once, in place.
void add_histograms(std::vector<EventValue>& values, const Network& network, const Network::Runner& runner);

}  // namespace evenkeel
