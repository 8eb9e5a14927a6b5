#include "evenkeel/program/probes/extremes.h"

#include "evenkeel/program/ops/probes.h"
#include "evenkeel/program/probes/channel_probe.h"

namespace evenkeel {
namespace {

ChannelProbe extremes_of(const std::string& value) {
  const std::string all = "probe/" + value + "/extremes/";
  return {.count = all + "count", .first = all + "smallest", .second = all + "largest"};
}

}  // namespace

void probe_extremes(Program& program, Value value) {
  emit_probe(program, value, extremes_of(value.name()), std::make_shared<const ops::AccumulateExtremes>());
}

ChannelExtremes read_extremes(const Store& store, const std::string& value) {
  auto [count, smallest, largest] = read_probe(store, extremes_of(value), "the extremes of \"" + value + '"');
  return {.count = count, .smallest = std::move(smallest), .largest = std::move(largest)};
}

}  // namespace evenkeel
