#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/train/network.h"

namespace evenkeel {

/// Computes all outputs of a model for arrays [N, ...] of its inputs, by name, as one batch of N. A model with one
/// input takes a single array under any name. Other arrays are not looked at. Returns the outputs [N, ...], float32, by
/// the names of their layers, the main one first.
///
/// Mode::train uses the batch's statistics and dropout, with the masks of step 0 of the network's seed; moving
/// statistics do not change. Throws Error if an array is missing, has another shape, or has numbers that float32 does
/// not hold exactly. `where` is the place that errors report.
std::vector<std::pair<std::string, Tensor>> run_arrays(Network& network, const std::map<std::string, Tensor>& arrays,
                                                       Mode mode, const std::string& where = "arrays");

}  // namespace evenkeel
