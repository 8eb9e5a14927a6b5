#include "evenkeel/program/probes/moments.h"

#include "evenkeel/program/ops/probes.h"
#include "evenkeel/program/probes/channel_probe.h"

namespace evenkeel {
namespace {

ChannelProbe moments_of(const std::string& value) {
  const std::string all = "probe/" + value + '/';
  return {.count = all + "count", .first = all + "mean", .second = all + "m2"};
}

}  // namespace

void probe_moments(Program& program, Value value) {
  emit_probe(program, value, moments_of(value.name()), std::make_shared<const ops::AccumulateMoments>());
}

ChannelMoments read_moments(const Store& store, const std::string& value) {
  auto [count, mean, m2] = read_probe(store, moments_of(value), "the moments of \"" + value + '"');
  for (double& sum : m2) sum = count > 0 ? sum / count : 0;
  return {.count = count, .mean = std::move(mean), .variance = std::move(m2)};
}

void reset_probes(Store& store) { store.probes.zero(); }

}  // namespace evenkeel
