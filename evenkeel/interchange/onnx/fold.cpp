#include "evenkeel/interchange/onnx/fold.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace evenkeel::interchange {
namespace {

using Numbers = std::vector<double>;

/// What follows a linear layer and becomes part of it: y = x * scale + shift by channel.
struct ChannelMap {
  Numbers scale, shift;
};

class Folding {
 public:
  Folding(const Model& model, const formats::SafetensorsFile& weights) : model_(model), weights_(weights) {
    readers_.resize(model.nodes().size());
    for (int i = 0; i < model.layers(); ++i)
      for (const int input : node(i).inputs)
        if (input >= 0) readers_[static_cast<std::size_t>(input)].push_back(i);
  }

  Folded result() {
    Folded folded{.model = Model::with_inputs(model_.inputs(), model_.name()), .weights = {}, .folded = {}, .kept = {}};
    for (int i = 0; i < model_.layers(); ++i) plan(i, folded);
    for (int i = 0; i < model_.layers(); ++i) append(i, folded);
    std::vector<std::string> outputs;
    for (const int output : model_.outputs()) outputs.push_back(model_.name_of(stands_for(output)));
    folded.model.set_outputs(outputs);
    for (const auto& [name, tensor] : weights_.tensors)
      if (!dropped_.contains(name) && !changed_.contains(name)) folded.weights.add(name, tensor.clone());
    for (auto& [name, tensor] : changed_) folded.weights.add(name, std::move(tensor));
    return folded;
  }

 private:
  const Model::Node& node(int i) const { return model_.nodes()[static_cast<std::size_t>(i)]; }
  std::string tensor_of(int layer, const std::string& name) const { return model_.name_of(layer) + '/' + name; }

  Numbers numbers(const std::string& name) const {
    const auto changed = changed_.find(name);
    const Tensor* tensor = changed == changed_.end() ? weights_.find(name) : &changed->second;
    if (!tensor) throw Error{{.where = name, .expected = "a tensor of this name", .received = "none"}};
    const Tensor wide = converted(*tensor, DType::float64);
    const auto values = wide.as<double>();
    return {values.begin(), values.end()};
  }

  /// What a normalization or a scale of channels does in evaluation; nothing for other layers.
  std::optional<ChannelMap> map_of(int layer) const {
    const LayerTraits traits = node(layer).layer.traits();
    const bool scales = !traits.scale.empty() || !traits.shift.empty();
    if (!traits.per_channel || traits.linear || !traits.slope.empty() ||
        traits.activation != ActivationFunction::linear)
      return {};
    const auto& normalization = traits.normalization;
    if (!normalization && !scales) return {};
    if (normalization && (normalization->over != NormalizationTraits::Over::batch || !normalization->moving)) return {};
    ChannelMap map;
    if (!traits.scale.empty()) map.scale = numbers(tensor_of(layer, traits.scale));
    if (!traits.shift.empty()) map.shift = numbers(tensor_of(layer, traits.shift));
    if (!normalization) {
      map.scale.resize(std::max(map.scale.size(), map.shift.size()), 1);
      map.shift.resize(map.scale.size(), 0);
      return map;
    }
    const Numbers mean = numbers(tensor_of(layer, normalization->moving->mean));
    const Numbers variance = numbers(tensor_of(layer, normalization->moving->variance));
    map.scale.resize(mean.size(), 1);
    map.shift.resize(mean.size(), 0);
    for (std::size_t c = 0; c < mean.size(); ++c) {
      map.scale[c] /= std::sqrt(variance[c] + normalization->epsilon);
      map.shift[c] -= mean[c] * map.scale[c];
    }
    return map;
  }

  /// The layer whose output this one's is in the folded model.
  int stands_for(int layer) const {
    for (auto found = gone_.find(layer); found != gone_.end(); found = gone_.find(layer)) layer = found->second;
    return layer;
  }

  /// The linear layer before, beyond those that do nothing in evaluation, if nothing else sees its output.
  std::optional<int> linear_before(int layer) const {
    int at = node(layer).inputs.front();
    while (at >= 0 && readers_[static_cast<std::size_t>(at)].size() == 1 && !model_.is_output(at)) {
      if (const auto folded = gone_.find(at); folded != gone_.end()) {
        at = folded->second;
        continue;
      }
      const LayerTraits traits = node(at).layer.traits();
      const bool is_linear = traits.activation == ActivationFunction::linear;
      if (traits.linear) return is_linear ? std::optional(at) : std::nullopt;
      if (!traits.identity_in_evaluation || traits.axes != AxisOrder::kept || traits.is_input || !is_linear) return {};
      at = node(at).inputs.front();
    }
    return {};
  }

  static bool is_along_last_axis(const LayerTraits& traits) {
    return !traits.normalization || traits.normalization->axis.value_or(-1) == -1;
  }

  void plan(int layer, Folded& folded) {
    const LayerTraits traits = node(layer).layer.traits();
    const bool is_moving = traits.normalization && traits.normalization->moving;
    if (node(layer).inputs.size() != 1 || node(layer).inputs.front() < 0) {
      if (is_moving) folded.kept.push_back(model_.name_of(layer));
      return;
    }
    const auto map = is_along_last_axis(traits) ? map_of(layer) : std::nullopt;
    const auto into = map ? linear_before(layer) : std::nullopt;
    if (!into) {
      if (is_moving) folded.kept.push_back(model_.name_of(layer));
      return;
    }
    fold(*into, *map);
    gone_[layer] = node(layer).inputs.front();
    const std::string prefix = model_.name_of(layer) + '/';
    for (const auto& [name, tensor] : weights_.tensors)
      if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos) dropped_[name] = true;
    if (traits.normalization) folded.folded.push_back(model_.name_of(layer));
  }

  void set(const std::string& name, const Shape& shape, const Numbers& values) {
    changed_.insert_or_assign(name, Tensor::of<double>(shape, values));
  }

  void fold(int into, const ChannelMap& map) {
    const LinearTraits linear = *node(into).layer.traits().linear;
    const std::string kernel_name = tensor_of(into, linear.kernel);
    const Shape shape = weights_.find(kernel_name)->shape();
    Numbers kernel = numbers(kernel_name);
    for (std::size_t k = 0; k < kernel.size(); ++k)
      kernel[k] *= map.scale[static_cast<std::size_t>(linear.ends_of(static_cast<std::int64_t>(k), shape).output)];
    set(kernel_name, shape, kernel);
    const bool had_bias = !linear.bias.empty() || biased_.contains(into);
    const std::string bias_name = tensor_of(into, linear.bias.empty() ? "bias" : linear.bias);
    Numbers bias = had_bias ? numbers(bias_name) : Numbers(map.scale.size());
    for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * map.scale[c] + map.shift[c];
    set(bias_name, {std::ssize(bias)}, bias);
    biased_[into] = true;
  }

  void append(int layer, Folded& folded) {
    if (gone_.contains(layer)) return;
    Layer written = node(layer).layer;
    if (biased_.contains(layer)) written = written.with(written.traits().linear->bias_field, true);
    std::vector<std::string> inputs;
    for (const int input : node(layer).inputs) inputs.push_back(model_.name_of(input < 0 ? input : stands_for(input)));
    folded.model.append(written, written.traits().is_input ? std::vector<std::string>() : inputs);
  }

  const Model& model_;
  const formats::SafetensorsFile& weights_;
  std::vector<std::vector<int>> readers_;
  std::map<int, int> gone_;                ///< layers that are left out, and the layer that takes their place
  std::map<int, bool> biased_;             ///< layers that others were folded into
  std::map<std::string, Tensor> changed_;  ///< float64
  std::map<std::string, bool> dropped_;
};

}  // namespace

Folded fold_normalizations(const Model& model, const formats::SafetensorsFile& weights) {
  return Folding(model, weights).result();
}

}  // namespace evenkeel::interchange
