#include "evenkeel/program/probes/extremes.h"

#include "evenkeel/base/error.h"
#include "evenkeel/program/ops/probes.h"
#include "evenkeel/program/probes/probe_line.h"

namespace evenkeel {
namespace {

struct ExtremeNames {
  explicit ExtremeNames(const std::string& value)
      : count("probe/" + value + "/extremes/count"),
        smallest("probe/" + value + "/extremes/smallest"),
        largest("probe/" + value + "/extremes/largest") {}
  std::string count, smallest, largest;
};

}  // namespace

void probe_extremes(Program& program, Value value) {
  const ExtremeNames names(value.name());
  const Shape channels{value.shape().rank() > 0 ? value.shape().back() : 1};
  const Value count = program.probe(names.count, {1});
  const Value smallest = program.probe(names.smallest, channels);
  const Value largest = program.probe(names.largest, channels);
  emit_probe(program, std::make_shared<const ops::AccumulateExtremes>(), {value, count, smallest, largest});
}

ChannelExtremes read_extremes(const Store& store, const std::string& value) {
  const ExtremeNames names(value);
  if (!store.probes.has(names.count))
    throw Error{{.where = "probes", .received = "the extremes of \"" + value + "\" are not probed"}};
  const auto smallest = store.probes.get(names.smallest).as<double>();
  const auto largest = store.probes.get(names.largest).as<double>();
  return {.count = store.probes.get(names.count).as<double>()[0],
          .smallest = {smallest.begin(), smallest.end()},
          .largest = {largest.begin(), largest.end()}};
}

}  // namespace evenkeel
