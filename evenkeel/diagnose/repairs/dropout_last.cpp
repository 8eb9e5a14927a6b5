#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/measure/noise.h"
#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

/// Right before the last Conv2D or Dense, unless there is one already; the largest rate of those that move. Li et al.
/// 2019: dropout after the last normalization shifts no variance.
RepairLog move_dropout(Draft& draft, const RepairContext&) {
  RepairLog log;
  double rate = 0;
  for (int i = draft.layers() - 1; i >= 0; --i) {
    const auto moved = dropout_rate(draft.layer(i));
    if (!moved || !leads_to_normalization(draft, i)) continue;
    rate = std::max(rate, *moved);
    log.changes.push_back(
        {draft.name(i), fmt::format("{} {:g} before a normalization removed", draft.layer(i).type(), *moved)});
    draft.remove(i);
  }
  if (log.changes.empty()) return log;
  int last = draft.output();
  while (last >= 0 && !draft.traits(last).linear) --last;
  if (last < 0 || leads_to_normalization(draft, last))
    throw Error{{.where = "dropout-last",
                 .expected = "a Conv2D or Dense after the last normalization",
                 .received = "none",
                 .hint = "The method \"uout\" leaves noise where it is."}};
  const int before = draft.inputs(last).front();
  if (before >= 0 && dropout_rate(draft.layer(before))) return log;
  draft.insert_before(last, Dropout{.rate = rate});
  log.changes.push_back({draft.name(last), fmt::format("Dropout {:g} before {}", rate, quoted(draft.name(last + 1)))});
  return log;
}

}  // namespace

RepairMethod dropout_last_method() {
  return {.name = "dropout-last",
          .kind = RepairKind::training,
          .what = "Dropout moves after the last normalization",
          .gain = Gain::variance_shift,
          .apply = move_dropout};
}

}  // namespace evenkeel
