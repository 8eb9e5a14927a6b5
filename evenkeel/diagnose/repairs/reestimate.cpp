#include "evenkeel/diagnose/measure/reestimate.h"

#include <fmt/format.h>

#include <cmath>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

std::string how_far(double distance) {
  return std::isfinite(distance) ? fmt::format("the old ones were {:.2g} nats away", distance)
                                 : "the old ones were NaN, infinite or negative";
}

RepairLog reestimate(Draft& draft, const RepairContext& context) {
  const auto network = draft.network(context.network);
  const Reestimated found = reestimate_statistics(
      *network, context.data, {.batch_size = context.batch_size, .memory_bytes = context.memory_bytes});
  draft.take_tensors(*network);
  RepairLog log;
  const std::vector<Normalization> all = draft.normalizations();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].frozen) {
      log.left.push_back({all[i].name, "its statistics are frozen: the weights were trained with them as they are"});
      continue;
    }
    const double distance = statistics_distance(found.before[i], found.after[i], all[i].epsilon);
    log.changes.push_back(
        {all[i].name, fmt::format("statistics of {} samples; {}", with_commas(found.samples), how_far(distance))});
  }
  return log;
}

}  // namespace

RepairMethod reestimate_method() {
  return {.name = "re-estimate",
          .kind = RepairKind::statistics,
          .what = "moving statistics become those of the data, exactly, layer by layer",
          .changes_architecture = false,
          .tolerates = Tolerates::moving_statistics,
          .apply = reestimate};
}

}  // namespace evenkeel
