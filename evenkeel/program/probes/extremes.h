#pragma once

#include <string>
#include <vector>

#include "evenkeel/program/program.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

/// Watches a value: appends a line that merges the smallest and the largest element of each of its channels (last axis)
/// into those seen before, each time the program runs. Shared and reset in the same way as the probes of moments.h.
void probe_extremes(Program& program, Value value);

struct ChannelExtremes {
  double count = 0;              ///< rows seen: elements per channel
  std::vector<double> smallest;  ///< per channel; NaN if an element was NaN; 0 if no element was seen
  std::vector<double> largest;
};

/// What a probe has seen since the last reset_probes. Throws Error if the extremes of `value` are not probed.
ChannelExtremes read_extremes(const Store& store, const std::string& value);

}  // namespace evenkeel
