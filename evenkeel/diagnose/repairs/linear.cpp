#include "evenkeel/diagnose/repairs/linear.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {

ChannelAffine in_evaluation(const Draft& draft, const Normalization& normalization) {
  const auto mean = draft.values(normalization.mean), variance = draft.values(normalization.variance);
  const auto at = [&](const std::string& tensor, std::size_t c, double without) {
    return tensor.empty() ? without : draft.values(tensor)[c];
  };
  ChannelAffine result{.scale = std::vector<double>(mean.size()), .shift = std::vector<double>(mean.size())};
  for (std::size_t c = 0; c < mean.size(); ++c) {
    // If the root does not exist, a method refuses the network (defects_that_forbid).
    result.scale[c] = at(normalization.gamma, c, 1) / std::sqrt(variance[c] + normalization.epsilon);
    result.shift[c] = at(normalization.beta, c, 0) - mean[c] * result.scale[c];
  }
  return result;
}

int biased_before(const Model& model, int normalization) {
  const int before = model.nodes()[static_cast<std::size_t>(normalization)].inputs.front();
  if (before < 0 || readers_of(model, before).size() > 1 || model.is_output(before) ||
      !is_along_channels(model, normalization))
    return -1;
  const LayerTraits traits = model.nodes()[static_cast<std::size_t>(before)].layer.traits();
  const bool is_biased = traits.linear && !traits.linear->bias.empty();
  return is_biased && traits.activation == ActivationFunction::linear ? before : -1;
}

std::vector<RedundantBias> redundant_biases(const Model& model) {
  std::vector<RedundantBias> found;
  for (int i = 0; i < model.layers(); ++i) {
    const auto normalization = model.nodes()[static_cast<std::size_t>(i)].layer.traits().normalization;
    if (!normalization || !normalization->centered) continue;
    const auto& moving = normalization->moving;
    const bool by_channel = normalization->over == NormalizationTraits::Over::batch ? !(moving && moving->frozen)
                                                                                    : normalization->groups == -1;
    if (!by_channel || normalization->over == NormalizationTraits::Over::position) continue;
    if (const int before = biased_before(model, i); before >= 0) found.push_back({before, i});
  }
  return found;
}

std::size_t outputs_of(const Draft& draft, int layer) {
  const LinearTraits linear = *draft.traits(layer).linear;
  const std::string& reads = linear.first_kernel.empty() ? linear.kernel : linear.first_kernel;
  const Shape& kernel = draft.shape(draft.name(layer) + '/' + reads);
  return static_cast<std::size_t>(linear.outputs_of(linear.inputs_of(kernel)));
}

bool pads(const Layer& layer, const Shape& input) {
  const auto linear = layer.traits().linear;
  if (!linear || !linear->window) return false;
  const kernels::Window window = linear->over(input.batched(1));
  return window.pad_top > 0 || window.pad_left > 0 || window.pad_bottom() > 0 || window.pad_right() > 0;
}

std::vector<bool> behind(const Draft& draft, const std::vector<int>& layers) {
  std::vector<bool> found(static_cast<std::size_t>(draft.layers()));
  for (int i = 0; i < draft.layers(); ++i)
    found[static_cast<std::size_t>(i)] = std::ranges::any_of(draft.inputs(i), [&](int input) {
      return input >= 0 && (found[static_cast<std::size_t>(input)] || std::ranges::count(layers, input) > 0);
    });
  return found;
}

bool leads_to_normalization(const Draft& draft, int layer) {
  const std::vector<bool> reached = behind(draft, {layer});
  return std::ranges::any_of(draft.normalizations(),
                             [&](const Normalization& n) { return reached[static_cast<std::size_t>(n.layer)]; });
}

std::string quoted(const std::string& name) { return '"' + name + '"'; }

}  // namespace evenkeel
