#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/program/program.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

/// What a probe keeps of each channel (last axis) of a value: how many rows it has seen, and two numbers.
struct ChannelProbe {
  std::string count, first, second;  ///< the names of its values
};

/// Emits the probe's line, an op of (value, count, first, second), right after the line that makes the value: so the
/// value need not live longer for it.
void emit_probe(Program& program, Value value, const ChannelProbe& probe, std::shared_ptr<const Op> op);

struct ProbedChannels {
  double count = 0;
  std::vector<double> first, second;
};
/// What a probe has seen since the last reset. Throws Error, that `what` are not probed, where there is none.
ProbedChannels read_probe(const Store& store, const ChannelProbe& probe, const std::string& what);

}  // namespace evenkeel
