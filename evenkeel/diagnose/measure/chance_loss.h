#pragma once

#include "evenkeel/data/dataset.h"
#include "evenkeel/nn/losses.h"

namespace evenkeel {

/// The mean loss of the best answer that does not look at the sample: log K for a softmax over K classes of equal size.
/// Without label smoothing and penalties. `outputs` is K, what the network has.
double chance_loss(const Loss& loss, const Dataset& data, std::int64_t outputs);

}  // namespace evenkeel
