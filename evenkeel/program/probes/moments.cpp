#include "evenkeel/program/probes/moments.h"

#include "evenkeel/base/error.h"
#include "evenkeel/program/ops/probes.h"
#include "evenkeel/program/probes/probe_line.h"

namespace evenkeel {
namespace {

struct MomentNames {
  explicit MomentNames(const std::string& value)
      : count("probe/" + value + "/count"), mean("probe/" + value + "/mean"), m2("probe/" + value + "/m2") {}
  std::string count, mean, m2;
};

}  // namespace

void probe_moments(Program& program, Value value) {
  const MomentNames names(value.name());
  const Shape channels{value.shape().rank() > 0 ? value.shape().back() : 1};
  const Value count = program.probe(names.count, {1});
  const Value mean = program.probe(names.mean, channels);
  const Value m2 = program.probe(names.m2, channels);
  emit_probe(program, std::make_shared<const ops::AccumulateMoments>(), {value, count, mean, m2});
}

ChannelMoments read_moments(const Store& store, const std::string& value) {
  const MomentNames names(value);
  if (!store.probes.has(names.count))
    throw Error{{.where = "probes", .received = "the value \"" + value + "\" is not probed"}};
  const auto mean = store.probes.get(names.mean).as<double>();
  const auto m2 = store.probes.get(names.m2).as<double>();
  ChannelMoments moments{
      .count = store.probes.get(names.count).as<double>()[0], .mean = {mean.begin(), mean.end()}, .variance = {}};
  for (double sum : m2) moments.variance.push_back(moments.count > 0 ? sum / moments.count : 0);
  return moments;
}

void reset_probes(Store& store) { store.probes.zero(); }

}  // namespace evenkeel
