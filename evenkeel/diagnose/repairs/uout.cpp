#include <fmt/format.h>

#include "evenkeel/diagnose/measure/noise.h"
#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

RepairLog replace_by_uout(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (int i = 0; i < draft.layers(); ++i) {
    const auto rate = dropout_rate(draft.layer(i));
    if (!rate || *rate == 0 || !leads_to_normalization(draft, i)) continue;
    const double beta = uout_beta_for_dropout(*rate);
    log.changes.push_back({draft.name(i), fmt::format("{} {:g} is now Uout {:.4g}, of the same variance",
                                                      draft.layer(i).type(), *rate, beta)});
    draft.replace(i, Uout{.beta = beta});
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
