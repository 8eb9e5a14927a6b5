#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

/// Subtracting the mean removes the bias, so the bias only shifts the mean.
RepairLog drop_bias(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (const Normalization& n : draft.normalizations()) {
    const int before = biased_before(draft.model(), n.layer);
    if (before < 0) continue;
    const LinearTraits linear = *draft.traits(before).linear;
    const std::string bias = draft.name(before) + '/' + linear.bias;
    const auto mean = draft.values(n.mean);
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] -= draft.values(bias)[c];
    draft.erase(bias);
    draft.replace(before, draft.layer(before).with(linear.bias_field, false));
    log.changes.push_back({draft.name(before), "bias dropped, the moving mean of " + quoted(n.name) + " corrected"});
  }
  return log;
}

}  // namespace

RepairMethod drop_bias_method() {
  return {.name = "drop-bias",
          .kind = RepairKind::exact,
          .what = "a bias right before a normalization, which subtracts it again, is removed",
          .apply = drop_bias};
}

}  // namespace evenkeel
