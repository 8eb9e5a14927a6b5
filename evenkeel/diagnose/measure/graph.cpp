#include "evenkeel/diagnose/measure/graph.h"

#include <algorithm>

#include "evenkeel/nn/compile.h"

namespace evenkeel {
namespace {

LayerTraits traits_of(const Model& model, int layer) {
  return model.nodes()[static_cast<std::size_t>(layer)].layer.traits();
}

bool makes_channels(const LayerTraits& traits) { return traits.linear || traits.merge != Merge::none; }

bool has_weights_or_pools(const LayerTraits& traits) {
  return makes_channels(traits) || traits.normalization || !traits.scale.empty() || !traits.shift.empty() ||
         !traits.slope.empty() || traits.pooling != PoolingKind::none;
}

/// The layers from the end back to the first one for which `ends` is true, including that one.
template <class Ends>
std::vector<int> from_the_end(const Model& model, Ends ends) {
  std::vector<int> layers;
  for (int i = model.output(); i >= 0; i = model.nodes()[static_cast<std::size_t>(i)].inputs.front()) {
    layers.push_back(i);
    if (ends(traits_of(model, i))) break;
  }
  return layers;
}

}  // namespace

std::vector<int> readers_of(const Model& model, int layer) {
  std::vector<int> readers;
  for (int i = layer + 1; i < model.layers(); ++i)
    if (std::ranges::count(model.nodes()[static_cast<std::size_t>(i)].inputs, layer) > 0) readers.push_back(i);
  return readers;
}

std::vector<Shape> output_shapes(const Model& model) { return compile(model, {.batch_size = 1}).layer_outputs; }

std::int64_t normalized_values(const NormalizationTraits& normalization, const Shape& sample, std::int64_t samples) {
  switch (normalization.over) {
    case NormalizationTraits::Over::position: return sample.back();
    case NormalizationTraits::Over::group:
      return sample.size() / (normalization.groups == -1 ? sample.back() : normalization.groups);
    case NormalizationTraits::Over::batch: break;
  }
  const std::int64_t axis = normalization.axis.value_or(-1);  // counted from the batch (0), or negative from the end
  const std::int64_t channels = sample[static_cast<int>(axis < 0 ? axis + sample.rank() : axis - 1)];
  const std::int64_t together = normalization.moving ? normalization.moving->virtual_batch_size : 0;
  return sample.size() / channels * (together > 0 ? std::min(together, samples) : samples);
}

std::vector<int> output_layers(const Model& model) { return from_the_end(model, makes_channels); }

std::vector<int> layers_before_loss(const Model& model) { return from_the_end(model, has_weights_or_pools); }

bool yields_outputs(const Model& model, int layer) {
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  return compiled.layer_values[static_cast<std::size_t>(layer)] == compiled.outputs;
}

bool is_only_way(const Model& model, int layer) {
  // Whether each layer can be reached from the input without this one.
  std::vector<bool> around(static_cast<std::size_t>(model.layers()));
  for (int i = 0; i < model.layers(); ++i) {
    if (i == layer) continue;
    around[static_cast<std::size_t>(i)] =
        traits_of(model, i).is_input ||
        std::ranges::any_of(model.nodes()[static_cast<std::size_t>(i)].inputs,
                            [&](int input) { return input < 0 || around[static_cast<std::size_t>(input)]; });
  }
  return !around[static_cast<std::size_t>(model.output())];
}

}  // namespace evenkeel
