#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

/// The mean takes the bias out again, so the bias does nothing but shift the mean.
RepairLog drop_bias(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (const Normalization& n : draft.normalizations()) {
    const int before = draft.inputs(n.layer).front();
    if (before < 0 || draft.only_reader(before) != n.layer || !is_along_channels(draft, n.layer)) continue;
    auto options = linear_options(draft.layer(before));
    if (!options || !options->use_bias || options->activation != linear) continue;
    const std::string bias = draft.name(before) + "/bias";
    const auto mean = draft.values(n.name + "/moving_mean");
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] -= draft.values(bias)[c];
    draft.erase(bias);
    options->use_bias = false;
    draft.replace(before, with_options(draft.layer(before), *options));
    log.changes.push_back({draft.name(before), "bias dropped, the moving mean of " + quoted(n.name) + " corrected"});
  }
  return log;
}

}  // namespace

RepairMethod drop_bias_method() {
  return {.name = "drop-bias",
          .kind = RepairKind::exact,
          .what = "a bias right before a normalization, which takes it out again, goes",
          .apply = drop_bias};
}

}  // namespace evenkeel
