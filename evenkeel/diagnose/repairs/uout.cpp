#include <fmt/format.h>

#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

RepairLog replace_by_uout(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (int i = 0; i < draft.layers(); ++i) {
    const auto* dropout = draft.layer(i).as<Dropout>();
    if (!dropout || dropout->rate == 0 || !leads_to_normalization(draft, i)) continue;
    const double rate = dropout->rate, beta = uout_beta_for_dropout(rate);
    draft.replace(i, Uout{.beta = beta});
    log.changes.push_back(
        {draft.name(i), fmt::format("Dropout {:g} is now Uout {:.4g}, of the same variance", rate, beta)});
  }
  return log;
}

}  // namespace

RepairMethod uout_method() {
  return {.name = "uout",
          .kind = RepairKind::training,
          .what = "Dropout before a normalization becomes Uout of the same variance",
          .gain = Gain::variance_shift,
          .apply = replace_by_uout};
}

}  // namespace evenkeel
