#include "evenkeel/program/probes/channel_probe.h"

#include <algorithm>

#include "evenkeel/base/error.h"

namespace evenkeel {

void emit_probe(Program& program, Value value, const ChannelProbe& probe, std::shared_ptr<const Op> op) {
  const Shape channels{value.shape().rank() > 0 ? value.shape().back() : 1};
  const std::vector<Value> operands = {value, program.probe(probe.count, {1}), program.probe(probe.first, channels),
                                       program.probe(probe.second, channels)};
  program.set_phase(Phase::probe);
  program.set_label(value.name());
  program.emit(std::move(op), operands);
  auto& nodes = program.mutable_nodes();
  Node line = std::move(nodes.back());
  nodes.pop_back();
  auto at = nodes.end();
  for (auto node = nodes.begin(); node != nodes.end(); ++node)
    if (std::ranges::find(node->outputs, value.id()) != node->outputs.end()) at = node + 1;
  nodes.insert(at, std::move(line));
}

ProbedChannels read_probe(const Store& store, const ChannelProbe& probe, const std::string& what) {
  if (!store.probes.has(probe.count)) throw Error{{.where = "probes", .received = what + " are not probed"}};
  const auto values = [&](const std::string& name) {
    const auto read = store.probes.get(name).as<double>();
    return std::vector<double>(read.begin(), read.end());
  };
  return {.count = values(probe.count)[0], .first = values(probe.first), .second = values(probe.second)};
}

}  // namespace evenkeel
