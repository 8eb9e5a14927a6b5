#include "evenkeel/diagnose/repairs/linear.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/program/ops/window.h"

namespace evenkeel {

std::optional<LinearOptions> linear_options(const Layer& layer) {
  if (const auto* conv = layer.as<Conv2D>())
    return LinearOptions{conv->filters, conv->activation, conv->use_bias, conv->kernel_regularizer};
  if (const auto* dense = layer.as<Dense>())
    return LinearOptions{dense->units, dense->activation, dense->use_bias, dense->kernel_regularizer};
  return {};
}

Layer with_options(const Layer& layer, const LinearOptions& options) {
  const auto set_common = [&](auto copy) {
    copy.activation = options.activation;
    copy.use_bias = options.use_bias;
    copy.kernel_regularizer = options.kernel_regularizer;
    return copy;
  };
  if (const auto* conv = layer.as<Conv2D>()) {
    Conv2D changed = set_common(*conv);
    changed.filters = options.outputs;
    return changed;
  }
  Dense changed = set_common(*layer.as<Dense>());
  changed.units = options.outputs;
  return changed;
}

ChannelAffine in_evaluation(const Draft& draft, const Normalization& normalization) {
  const std::string of = normalization.name + '/';
  const auto mean = draft.values(of + "moving_mean"), variance = draft.values(of + "moving_variance");
  ChannelAffine result{.scale = std::vector<double>(mean.size()), .shift = std::vector<double>(mean.size())};
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double gamma = draft.has(of + "gamma") ? draft.values(of + "gamma")[c] : 1;
    const double beta = draft.has(of + "beta") ? draft.values(of + "beta")[c] : 0;
    result.scale[c] = gamma / std::sqrt(variance[c] + normalization.epsilon);
    result.shift[c] = beta - mean[c] * result.scale[c];
  }
  return result;
}

bool is_along_channels(const Model& model, int normalization) {
  const auto at = static_cast<std::size_t>(normalization);
  const auto* layer = model.nodes()[at].layer.as<BatchNormalization>();
  return !layer || layer->axis == -1 || layer->axis == compile(model, {.batch_size = 1}).layer_outputs[at].rank();
}

int biased_before(const Model& model, int normalization) {
  const int before = model.nodes()[static_cast<std::size_t>(normalization)].inputs.front();
  if (before < 0 || readers_of(model, before).size() > 1 || !is_along_channels(model, normalization)) return -1;
  const auto options = linear_options(model.nodes()[static_cast<std::size_t>(before)].layer);
  return options && options->use_bias && options->activation == linear ? before : -1;
}

bool pads(const Layer& layer, const Shape& input) {
  const auto* conv = layer.as<Conv2D>();
  if (!conv) return false;
  const kernels::Window window = ops::window_over(input.batched(1), {conv->kernel_size, conv->strides, conv->padding});
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
