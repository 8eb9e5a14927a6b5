#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kMostGroups = 32, kChannelsPerGroup = 16;  // Wu & He 2018, "Group Normalization"

/// A divisor of the number of channels, so that each group has enough channels for statistics.
std::int64_t groups_for(std::int64_t channels) {
  std::int64_t groups = std::clamp<std::int64_t>(channels / kChannelsPerGroup, 1, kMostGroups);
  while (channels % groups != 0) --groups;
  return groups;
}

RepairLog replace_by_groups(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (int i = 0; i < draft.layers(); ++i) {
    const LayerTraits traits = draft.traits(i);
    if (!traits.normalization || traits.normalization->over != NormalizationTraits::Over::batch) continue;
    const std::string name = draft.name(i);
    if (traits.normalization->moving && traits.normalization->moving->frozen) {
      log.left.push_back({name, "its statistics are frozen: no batch is too small for it"});
      continue;
    }
    if (!is_along_channels(draft, i)) {
      log.left.push_back({name, kOtherAxis});
      continue;
    }
    const std::int64_t channels = draft.output_shapes()[static_cast<std::size_t>(i)].back();
    const GroupNormalization layer{.groups = groups_for(channels),
                                   .epsilon = traits.normalization->epsilon,
                                   .center = !traits.shift.empty(),
                                   .scale = !traits.scale.empty()};
    if (const auto& moving = traits.normalization->moving)
      for (const std::string& tensor : {moving->mean, moving->variance, moving->batches})
        draft.erase(name + '/' + tensor);
    draft.replace(i, layer);
    log.changes.push_back(
        {name, fmt::format("now a GroupNormalization, {} channels to a group", channels / layer.groups)});
  }
  require_some_change(log, "group-normalization", "a normalization of the last axis");
  return log;
}

}  // namespace

RepairMethod group_normalization_method() {
  return {.name = "group-normalization",
          .kind = RepairKind::training,
          .what = "normalizations become GroupNormalization, which no batch is too small for",
          .needs_normalization = false,  // those without moving statistics are repaired, too
          .gain = Gain::small_batches,
          .apply = replace_by_groups};
}

}  // namespace evenkeel
