#include "evenkeel/nn/normalizations.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/number.h"
#include "evenkeel/nn/layers/normalization.h"

namespace evenkeel {

std::vector<Normalization> normalizations(const Model& model) {
  std::vector<Normalization> found;
  for (int i = 0; i < model.layers(); ++i) {
    const Layer& layer = model.nodes()[static_cast<std::size_t>(i)].layer;
    const LayerTraits traits = layer.traits();
    if (!traits.normalization || !traits.normalization->moving) continue;
    const MovingTraits& moving = *traits.normalization->moving;
    const auto whole = [&](const std::string& tensor) { return tensor.empty() ? tensor : layer.name() + '/' + tensor; };
    found.push_back({.layer = i,
                     .name = layer.name(),
                     .epsilon = traits.normalization->epsilon,
                     .momentum = moving.momentum,
                     .unbiased = moving.unbiased,
                     .frozen = moving.frozen,
                     .axis = traits.normalization->axis,
                     .mean = whole(moving.mean),
                     .variance = whole(moving.variance),
                     .batches = whole(moving.batches),
                     .gamma = whole(traits.scale),
                     .beta = whole(traits.shift)});
  }
  return found;
}

std::string momentum_text(double momentum) {
  const double rest = std::abs(1 - momentum);
  const int nines = rest > 0 && rest < 1 ? static_cast<int>(std::ceil(-std::log10(rest))) : 0;
  return fmt::format("{:.{}g}", Number{momentum}, 2 + std::max(nines, 1));
}

std::vector<LayerMode> modes_of(const Model& model, const LayerMode& mode) {
  std::vector<LayerMode> modes(static_cast<std::size_t>(model.layers()), mode);
  for (const Normalization& layer : normalizations(model)) {
    if (!layer.frozen) continue;
    LayerMode& own = modes[static_cast<std::size_t>(layer.layer)];
    if (own.statistics == Statistics::batch) own.statistics = Statistics::moving;
    own.update_statistics = false;
  }
  return modes;
}

std::vector<std::string> normalized_by_batch(const Model& model) {
  std::vector<std::string> found;
  for (const Model::Node& node : model.nodes())
    if (const auto normalization = node.layer.traits().normalization;
        normalization && normalization->over == NormalizationTraits::Over::batch && !normalization->moving)
      found.push_back(node.layer.name());
  return found;
}

bool is_along_channels(const Model& model, int layer) {
  const auto at = static_cast<std::size_t>(layer);
  const auto normalization = model.nodes()[at].layer.traits().normalization;
  const std::int64_t axis = normalization ? normalization->axis.value_or(-1) : -1;
  return axis == -1 || axis == compile(model, {.batch_size = 1}).layer_outputs[at].rank();
}

std::string input_value(const Model& model, const CompiledModel& compiled, int layer) {
  const Model::Node& node = model.nodes()[static_cast<std::size_t>(layer)];
  if (const std::string moved = node.layer.name() + '/' + std::string(kChannelsLast);
      compiled.program->id_of(moved) >= 0)
    return moved;
  const int from = node.inputs.front();
  return from < 0 ? model.name_of(from) : compiled.layer_values[static_cast<std::size_t>(from)];
}

}  // namespace evenkeel
