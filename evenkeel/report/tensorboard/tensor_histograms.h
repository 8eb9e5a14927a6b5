#pragma once

#include <vector>

#include "evenkeel/report/tensorboard/event_file.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// Appends histograms of the tensors after a training step of `runner`: `weights/<tensor>`, `gradients/<tensor>`,
/// `statistics/<tensor>` (moving mean and variance, each followed by the batch's), and `not_finite/<histogram>`, a
/// count, if a tensor has NaN or infinite values. Reads each tensor once, in place.
void add_histograms(std::vector<EventValue>& values, const Network& network, const Network::Runner& runner);

}  // namespace evenkeel
