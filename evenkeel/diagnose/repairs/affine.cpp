#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

RepairLog freeze(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (const Normalization& n : draft.normalizations()) {
    if (!is_along_channels(draft, n.layer)) {
      log.left.push_back({n.name, kOtherAxis});
      continue;
    }
    const ChannelAffine affine = in_evaluation(draft, n);
    draft.erase_tensors(n.layer);
    draft.set(n.name + "/gamma", affine.scale);
    draft.set(n.name + "/beta", affine.shift);
    draft.replace(n.layer, Affine{.trainable = false});
    log.changes.push_back({n.name, "now a frozen Affine"});
  }
  require_some_change(log, "affine", "a normalization of the last axis");
  return log;
}

}  // namespace

RepairMethod affine_method() {
  return {.name = "affine",
          .kind = RepairKind::exact,
          .what = "normalizations become a fixed scale and shift per channel, the same in training",
          .apply = freeze};
}

}  // namespace evenkeel
