#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/diagnose/measure/variance_shift.h"
#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

/// The noise that a normalization reads directly, if that has a closed form.
std::optional<NoiseTraits> noise_before(const Draft& draft, int normalization) {
  const int before = draft.inputs(normalization).front();
  if (before < 0) return {};
  const auto noise = draft.traits(before).noise;
  return noise && noise->is_factor() && noise->per != NoiseTraits::Per::other ? noise : std::nullopt;
}

/// Returns for how many channels the closed form gives no variance, because the moving variance does not belong to
/// these data. They get the measured one.
std::int64_t restore(Draft& draft, const Normalization& n, const NoiseTraits& noise, const LayerStatistics& measured) {
  std::int64_t without = 0;
  const auto variance = draft.values(n.variance);
  for (std::size_t c = 0; c < variance.size(); ++c) {
    const double restored = variance_before(noise, measured.mean[c], variance[c]);
    without += restored <= 0;
    variance[c] = restored > 0 ? restored : measured.variance[c];
  }
  return without;
}

/// Everything after the layers gets the statistics of the data that follow from theirs; the rest stays.
void reestimate_behind(Draft& draft, const std::vector<int>& layers, const RepairContext& context, RepairLog& log) {
  const std::vector<bool> reached = behind(draft, layers);
  std::vector<std::string> kept;
  for (const Normalization& n : draft.normalizations()) {
    if (reached[static_cast<std::size_t>(n.layer)] && !n.frozen)
      log.changes.push_back({n.name, "re-estimated after it"});
    else
      kept.push_back(n.name);
  }
  const auto network = draft.network(context.network);
  reestimate_statistics(*network, context.data,
                        {.batch_size = context.batch_size, .memory_bytes = context.memory_bytes, .keep = kept});
  draft.take_tensors(*network);
}

RepairLog restore_variance(Draft& draft, const RepairContext& context) {
  RepairLog log;
  std::vector<int> restored;
  const auto network = draft.network(context.network);
  std::vector<LayerStatistics> measured;
  for (const Normalization& n : draft.normalizations()) {
    const auto noise = noise_before(draft, n.layer);
    if (!noise || n.frozen || behind(draft, restored)[static_cast<std::size_t>(n.layer)]) continue;
    if (measured.empty())
      measured = input_statistics(*network, context.data, network->context(Mode::evaluate).modes, context.batch_size);
    const auto found = std::ranges::find(measured, n.name, &LayerStatistics::layer);
    const std::int64_t without = restore(draft, n, *noise, *found);
    std::string text = "variance before the noise, by its closed form";
    if (without > 0)
      text += fmt::format("; as measured in {} of {} channels, where it gives none", without, found->mean.size());
    log.changes.push_back({n.name, text});
    restored.push_back(n.layer);
  }
  if (!restored.empty()) reestimate_behind(draft, restored, context, log);
  return log;
}

}  // namespace

RepairMethod restore_variance_method() {
  return {.name = "restore-variance",
          .kind = RepairKind::statistics,
          .what = "variances right after Dropout or Uout by their closed form; what follows is re-estimated",
          .changes_architecture = false,
          .apply = restore_variance};
}

}  // namespace evenkeel
