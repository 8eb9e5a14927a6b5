#pragma once

#include "evenkeel/data/dataset.h"
#include "evenkeel/nn/losses.h"

namespace evenkeel {

/// The mean loss of the best answer that does not depend on the sample: log K for a softmax over K classes of equal
/// size. Without label smoothing and penalties. `outputs` is K, the network's number of outputs.
double chance_loss(const Loss& loss, const Dataset& data, std::int64_t outputs, std::int64_t positions = 1);

}  // namespace evenkeel
