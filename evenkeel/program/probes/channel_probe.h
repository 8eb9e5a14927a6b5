#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/program/program.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

/// What a probe stores for each channel (last axis) of a value: the number of rows seen, and two numbers.
struct ChannelProbe {
  std::string count, first, second;  ///< the names of its values
};

/// Emits the probe's line, an op of (value, count, first, second), right after the line that computes the value, so
/// that the value's memory need not be kept longer.
void emit_probe(Program& program, Value value, const ChannelProbe& probe, std::shared_ptr<const Op> op);

struct ProbedChannels {
  double count = 0;
  std::vector<double> first, second;
};
/// What a probe has seen since the last reset. Throws Error, which says that `what` are not probed, if there is none.
ProbedChannels read_probe(const Store& store, const ChannelProbe& probe, const std::string& what);

}  // namespace evenkeel
