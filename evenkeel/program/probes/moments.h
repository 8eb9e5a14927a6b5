#pragma once

#include <string>
#include <vector>

#include "evenkeel/program/program.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

/// Watches a value: appends a line that merges the moments of each of its channels (last axis) into running ones, in
/// double, each time the program runs. Programs of one model with the same probes share their moments through their
/// Store, so a smaller last batch has its proper weight.
void probe_moments(Program& program, Value value);

struct ChannelMoments {
  double count = 0;              ///< rows seen: elements per channel
  std::vector<double> mean;      ///< per channel
  std::vector<double> variance;  ///< per channel, biased
};

/// What a probe has seen since the last reset. Throws Error if `value` is not probed.
ChannelMoments read_moments(const Store& store, const std::string& value);
/// Resets all probes.
void reset_probes(Store& store);

}  // namespace evenkeel
