#include "evenkeel/report/doctor/live.h"

#include <algorithm>

#include "evenkeel/diagnose/measure/foreign_network.h"
#include "evenkeel/report/doctor/page.h"

namespace evenkeel {
namespace {

LiveReport diagnosed_live(LiveNetwork& live, const LiveOptions& options) {
  ForeignNetwork network(live);
  const ForeignDescription& known = network.description();
  // The framework has drawn the samples.
  Subject subject{
      .data = network.data(), .train_data = network.train_data(), .samples = 0, .memory_bytes = options.memory_bytes};
  subject.records.updates = options.updates ? options.updates : known.updates;
  subject.records.batch_size = options.batch_size ? options.batch_size : known.batch_size;
  subject.records.lost = known.lost;
  LiveReport report{.diagnosis = diagnose(network, std::move(subject), options.progress),
                    .description = {},
                    .model = network.model()};
  if (!options.name.empty()) report.model.set_name(options.name);
  DoctorWords words{.model = report.model.name(), .data = network.data().name(), .framework = known.framework};
  words.has_noise = std::ranges::any_of(report.model.nodes(),
                                        [](const Model::Node& node) { return node.layer.traits().noise.has_value(); });
  report.description = describe(report.diagnosis, words);
  return report;
}

}  // namespace

LiveReport diagnose_live(LiveNetwork& live, const LiveOptions& options) {
  try {
    LiveReport report = diagnosed_live(live, options);
    live.restore();
    return report;
  } catch (...) {
    live.restore();
    throw;
  }
}

Report live_page(const LiveReport& report) { return doctor_page(report.description, report.model); }

}  // namespace evenkeel
