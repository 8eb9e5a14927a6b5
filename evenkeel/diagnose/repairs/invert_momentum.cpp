#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/diagnose/repairs/method.h"
#include "evenkeel/nn/layers/normalization.h"

namespace evenkeel {
namespace {

/// Used for a momentum of 0, because 1 - 0 would never follow.
double meant_by(double inverted) { return inverted > 0 ? 1 - inverted : BatchNormalization{}.momentum; }

/// Also re-estimates the statistics: those of the last batch or two are not an average.
RepairLog invert_momentum(Draft& draft, const RepairContext& context) {
  RepairLog log;
  for (const Normalization& n : draft.normalizations()) {
    if (!n.has_inverted_momentum()) continue;
    const double momentum = meant_by(n.momentum);
    draft.replace(n.layer, draft.layer(n.layer).with("momentum", momentum));
    log.changes.push_back({n.name, fmt::format("momentum {:g} is now {:g}", n.momentum, momentum)});
  }
  if (!log.changes.empty())
    std::ranges::move(reestimate_method().apply(draft, context).changes, std::back_inserter(log.changes));
  return log;
}

}  // namespace

RepairMethod invert_momentum_method() {
  return {.name = "invert-momentum",
          .kind = RepairKind::statistics,
          .what = "a momentum below 0.5 becomes one minus it; statistics re-estimated",
          .tolerates = Tolerates::moving_statistics,
          .apply = invert_momentum};
}

}  // namespace evenkeel
