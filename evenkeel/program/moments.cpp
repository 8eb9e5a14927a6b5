#include "evenkeel/program/moments.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/program/ops/probes.h"

namespace evenkeel {
namespace {

struct Names {
  explicit Names(const std::string& value)
      : count("probe/" + value + "/count"), mean("probe/" + value + "/mean"), m2("probe/" + value + "/m2") {}
  std::string count, mean, m2;
};

/// Moves the last line to just behind the one that makes `value`, so that the value need not live longer for it.
void place_behind_producer(Program& program, int value) {
  auto& nodes = program.mutable_nodes();
  Node probe = std::move(nodes.back());
  nodes.pop_back();
  auto at = nodes.end();
  for (auto node = nodes.begin(); node != nodes.end(); ++node)
    if (std::ranges::find(node->outputs, value) != node->outputs.end()) at = node + 1;
  nodes.insert(at, std::move(probe));
}

}  // namespace

void probe_moments(Program& program, Value value) {
  const Names names(value.name());
  const Shape channels{value.shape().rank() > 0 ? value.shape().back() : 1};
  const Value count = program.probe(names.count, {1});
  const Value mean = program.probe(names.mean, channels);
  const Value m2 = program.probe(names.m2, channels);
  program.set_phase(Phase::probe);
  program.set_label(value.name());
  program.emit(std::make_shared<const ops::AccumulateMoments>(), {value, count, mean, m2});
  place_behind_producer(program, value.id());
}

ChannelMoments read_moments(const Store& store, const std::string& value) {
  const Names names(value);
  if (!store.probes.has(names.count))
    throw Error{{.where = "probes", .received = "the value \"" + value + "\" is not probed"}};
  const auto mean = store.probes.get(names.mean).as<double>();
  const auto m2 = store.probes.get(names.m2).as<double>();
  ChannelMoments moments{.count = store.probes.get(names.count).as<double>()[0], .mean = {mean.begin(), mean.end()},
                         .variance = {}};
  for (double sum : m2) moments.variance.push_back(moments.count > 0 ? sum / moments.count : 0);
  return moments;
}

void reset_probes(Store& store) { store.probes.zero(); }

}  // namespace evenkeel
