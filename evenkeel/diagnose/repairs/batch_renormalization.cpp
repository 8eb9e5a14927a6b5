#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

/// The same in evaluation, with all its tensors.
BatchRenormalization renormalized(const Normalization& n, const Layer& layer) {
  return {.momentum = n.batches.empty() ? n.momentum : BatchRenormalization{}.momentum,
          .epsilon = n.epsilon,
          .center = !n.beta.empty(),
          .scale = !n.gamma.empty(),
          .unbiased_moving_variance = n.unbiased,
          .trainable = layer.trainable()};
}

RepairLog renormalize(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (const Normalization& n : draft.normalizations()) {
    if (draft.layer(n.layer).as<BatchRenormalization>()) continue;
    if (!is_along_channels(draft, n.layer)) {
      log.left.push_back({n.name, kOtherAxis});
      continue;
    }
    if (n.frozen) {
      log.left.push_back({n.name, "its statistics are frozen: no batch is too small for it"});
      continue;
    }
    draft.erase(n.batches);
    draft.replace(n.layer, renormalized(n, draft.layer(n.layer)));
    log.changes.push_back({n.name, "now a BatchRenormalization"});
  }
  require_some_change(log, "batch-renormalization", "a normalization of the last axis");
  return log;
}

}  // namespace

RepairMethod batch_renormalization_method() {
  return {.name = "batch-renormalization",
          .kind = RepairKind::training,
          .what = "normalizations become BatchRenormalization, which trains with the moving statistics",
          .gain = Gain::small_batches,
          .apply = renormalize};
}

}  // namespace evenkeel
