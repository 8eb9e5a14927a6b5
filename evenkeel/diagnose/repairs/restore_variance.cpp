#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/diagnose/measure/noise.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/diagnose/measure/variance_shift.h"
#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

/// The variance before noise, from the mean and the variance behind it.
using ClosedForm = std::function<double(double mean, double variance)>;

/// Of the noise that a normalization reads directly; nothing where it reads none.
std::optional<ClosedForm> closed_form(const Draft& draft, int normalization) {
  const int before = draft.inputs(normalization).front();
  if (before < 0) return {};
  if (const auto rate = dropout_rate(draft.layer(before)))
    return [keep = 1 - *rate](double m, double v) { return variance_before_dropout(m, v, keep); };
  if (const auto* uout = draft.layer(before).as<Uout>())
    return [beta = uout->beta](double m, double v) { return variance_before_uout(m, v, beta); };
  return {};
}

/// Returns of how many channels the closed form makes no variance: their moving one is not what the noise had made of
/// these data. They get the measured one.
std::int64_t restore(Draft& draft, const std::string& layer, const ClosedForm& before_noise,
                     const LayerStatistics& measured) {
  std::int64_t without = 0;
  const auto variance = draft.values(layer + "/moving_variance");
  for (std::size_t c = 0; c < variance.size(); ++c) {
    const double restored = before_noise(measured.mean[c], variance[c]);
    without += restored <= 0;
    variance[c] = restored > 0 ? restored : measured.variance[c];
  }
  return without;
}

/// Everything behind the layers gets the statistics of the data, given theirs; the rest stays.
void reestimate_behind(Draft& draft, const std::vector<int>& layers, const RepairContext& context, RepairLog& log) {
  const std::vector<bool> reached = behind(draft, layers);
  std::vector<std::string> kept;
  for (const Normalization& n : draft.normalizations()) {
    if (reached[static_cast<std::size_t>(n.layer)])
      log.changes.push_back({n.name, "re-estimated behind it"});
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
    const auto form = closed_form(draft, n.layer);
    if (!form || behind(draft, restored)[static_cast<std::size_t>(n.layer)]) continue;
    if (measured.empty())
      measured = input_statistics(*network, context.data, network->context(Mode::evaluate).modes, context.batch_size);
    const auto found = std::ranges::find(measured, n.name, &LayerStatistics::layer);
    const std::int64_t without = restore(draft, n.name, *form, *found);
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
          .what = "variances right behind Dropout or Uout by closed form; what follows re-estimated",
          .changes_architecture = false,
          .apply = restore_variance};
}

}  // namespace evenkeel
