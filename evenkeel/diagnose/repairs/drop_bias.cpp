#include <algorithm>

#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

/// Subtracting the mean removes the bias, so the bias only shifts the mean.
RepairLog drop_bias(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (const auto& [before, normalization] : redundant_biases(draft.model())) {
    const LinearTraits linear = *draft.traits(before).linear;
    const std::string bias = draft.name(before) + '/' + linear.bias, reader = quoted(draft.name(normalization));
    const bool has_moving_mean = draft.traits(normalization).normalization->moving.has_value();
    if (has_moving_mean) {
      const std::vector<Normalization> all = draft.normalizations();
      const auto mean = draft.values(std::ranges::find(all, normalization, &Normalization::layer)->mean);
      for (std::size_t c = 0; c < mean.size(); ++c) mean[c] -= draft.values(bias)[c];
    }
    draft.erase(bias);
    draft.replace(before, draft.layer(before).with(linear.bias_field, false));
    log.changes.push_back({draft.name(before), has_moving_mean
                                                   ? "bias dropped, the moving mean of " + reader + " corrected"
                                                   : "bias dropped, which " + reader + " subtracts"});
  }
  return log;
}

}  // namespace

RepairMethod drop_bias_method() {
  return {.name = "drop-bias",
          .kind = RepairKind::exact,
          .what = "a bias right before a normalization, which subtracts it again, is removed",
          .needs_normalization = false,  // those without moving statistics subtract a bias, too
          .apply = drop_bias};
}

}  // namespace evenkeel
