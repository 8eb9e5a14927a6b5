#include "evenkeel/interchange/keras/express.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "evenkeel/base/text.h"
#include "evenkeel/interchange/keras/translate.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::keras {
namespace {

using Values = std::map<std::string, FieldValue>;

Json json_of(const FieldValue& value) {
  struct Plain {
    Json operator()(std::monostate) const { return {}; }
    Json operator()(bool v) const { return v; }
    Json operator()(std::int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(const std::vector<std::int64_t>& v) const { return v; }
    Json operator()(const std::vector<double>& v) const { return v; }
  };
  return std::visit(Plain{}, value);
}

Json object(const char* module, const std::string& type, Json config) {
  return Json{{"module", module}, {"class_name", type}, {"config", std::move(config)}, {"registered_name", nullptr}};
}

Json initializer_json(const FieldValue& value) {
  Initializer initializer;
  convert(value, initializer);
  const char* const module = "keras.initializers";
  switch (initializer.kind) {
    case Initializer::Kind::zeros: return object(module, "Zeros", Json::object());
    case Initializer::Kind::ones: return object(module, "Ones", Json::object());
    case Initializer::Kind::constant: return object(module, "Constant", {{"value", initializer.argument}});
    case Initializer::Kind::glorot_uniform: return object(module, "GlorotUniform", {{"seed", nullptr}});
    case Initializer::Kind::he_normal: return object(module, "HeNormal", {{"seed", nullptr}});
    case Initializer::Kind::truncated_normal: break;
  }
  return object(module, "TruncatedNormal", {{"mean", 0.0}, {"stddev", initializer.argument}, {"seed", nullptr}});
}

/// Keras's name of an activation without parameters; empty if it has none.
std::string activation_name(const ActivationFunction& f) {
  if (f == ActivationFunction::clip(0, 6)) return "relu6";
  if (f == ActivationFunction::elu) return "elu";
  if (f == ActivationFunction::leaky_relu) return "leaky_relu";
  if (f == ActivationFunction::hard_swish) return "hard_silu";
  if (f == ActivationFunction::gelu_tanh) return "";
  const std::string name = name_of(f);
  return name.find('(') == std::string::npos ? name : "";
}

/// An activation as a layer of Keras's.
Expressed activation_layer_of(const ActivationFunction& f) {
  using Kind = ActivationFunction::Kind;
  if (const std::string name = activation_name(f); !name.empty()) return {"Activation", {{"activation", name}}};
  if (f.is(Kind::elu)) return {"ELU", {{"alpha", f.element.a}}};
  if (f.is(Kind::leaky_relu)) return {"LeakyReLU", {{"negative_slope", f.element.a}}};
  if (f.is(Kind::clip) && f.element.a == 0)
    return {"ReLU", {{"max_value", f.element.b}, {"negative_slope", 0.0}, {"threshold", 0.0}}};
  throw Unsupported{"an activation " + name_of(f)};
}

/// A layer whose options are ours by name. What Keras lacks is taken out first.
class Options {
 public:
  Options(const Layer& layer, const Shape& input) : layer_(layer), input_(input) {
    for (const auto& [name, value] : layer.settings(false)) values_[name] = value;
  }

  /// The value of an option that Keras does not have, which is then no longer there.
  template <class T>
  T take(const char* name) {
    T value{};
    if (const auto found = values_.find(name); found != values_.end()) {
      convert(found->second, value);
      values_.erase(found);
    }
    return value;
  }
  template <class T>
  T value(const char* name) const {
    T value{};
    if (const auto found = values_.find(name); found != values_.end()) convert(found->second, value);
    return value;
  }
  void require(bool holds, const std::string& option) const {
    if (!holds) throw Unsupported{fmt::format("{} with {}", layer_.type(), option)};
  }
  void put(const std::string& name, FieldValue value) { values_[name] = std::move(value); }
  void put_json(const std::string& name, Json value) {
    values_.erase(name);
    json_[name] = std::move(value);
  }

  /// The layer as this class, between the layers that some of its options become.
  std::vector<Expressed> as(const std::string& type) {
    std::vector<Expressed> chain;
    if (values_.contains("padding")) put_padding(chain);
    std::optional<Expressed> after;
    if (values_.contains("activation")) {
      const auto f = take<ActivationFunction>("activation");
      const std::string name = activation_name(f);
      json_["activation"] = name.empty() ? "linear" : name;
      if (name.empty()) after = activation_layer_of(f);
    }
    Expressed main{type, json_};
    for (const auto& [name, value] : values_) {
      if (name.ends_with("_initializer"))
        main.config[name] = initializer_json(value);
      else if (L2 penalty; name.ends_with("_regularizer") && convert(value, penalty))
        main.config[name] = object("keras.regularizers", "L2", {{"l2", penalty.l2}});
      else
        main.config[name] = json_of(value);
    }
    chain.push_back(std::move(main));
    if (after) {
      after->ending = kActivationEnding;
      chain.push_back(std::move(*after));
    }
    return chain;
  }

 private:
  void put_padding(std::vector<Expressed>& chain) {
    Padding padding;
    if (!convert(values_["padding"], padding)) return;
    if (padding.rule == Padding::Rule::same || padding == Padding::valid) {
      put_json("padding", padding.rule == Padding::Rule::same ? "same" : "valid");
      return;
    }
    const LayerTraits traits = layer_.traits();
    const bool counts_zeros = (traits.linear && !traits.linear->transposed) || pads_zeros_;
    require(counts_zeros && input_.rank() == 4, "padding in numbers");
    chain.push_back({"ZeroPadding2D",
                     {{"padding", {{padding.top, padding.bottom}, {padding.left, padding.right}}},
                      {"data_format", "channels_last"}}});
    chain.back().ending = kPaddingEnding;
    put_json("padding", "valid");
  }

  const Layer& layer_;
  const Shape& input_;
  Values values_;
  Json json_ = Json::object();

 public:
  bool pads_zeros_ = false;
};

using Chain = std::vector<Expressed>;

Chain conv1d(Options& options) {
  const auto padding = options.value<Padding>("padding");
  if (padding.rule == Padding::Rule::numbers && padding != Padding::valid) {
    const std::int64_t reach =
        (options.value<std::int64_t>("kernel_size") - 1) * options.value<std::int64_t>("dilation_rate");
    options.require(padding == Padding(0, 0, reach, 0), "padding in numbers");
    options.put_json("padding", "causal");
  }
  return options.as("Conv1D");
}

Chain pooling(Options& options, const std::string& type) {
  options.require(!options.take<bool>("ceil_mode"), "ceil_mode");
  options.pads_zeros_ = options.take<bool>("count_include_pad");
  options.require(!options.pads_zeros_ || options.value<Padding>("padding").rule == Padding::Rule::numbers,
                  "count_include_pad");
  return options.as(type);
}

Chain batch_normalization(Options& options, const Layer& layer, std::vector<std::string>& lost) {
  options.require(options.take<std::int64_t>("virtual_batch_size") == 0, "virtual_batch_size");
  options.require(!options.take<bool>("cumulative_average"), "cumulative_average");
  const auto traits = layer.traits().normalization;
  options.require(traits && traits->moving, "moving_statistics = false");
  options.take<bool>("moving_statistics");
  const bool frozen = options.take<bool>("frozen_statistics");
  if (options.take<bool>("unbiased_moving_variance"))
    lost.push_back(fmt::format("Keras 3's moving variance follows the biased one: \"{}\".", layer.name()));
  if (!layer.trainable() && !frozen)
    lost.push_back(fmt::format(
        "In Keras a BatchNormalization that is not trainable uses its moving statistics in training too: \"{}\".",
        layer.name()));
  return options.as("BatchNormalization");
}

/// (top, bottom) and (left, right) of a field.
Chain margins(Options& options, const char* field, const std::string& type) {
  const auto sides = options.value<Margins>(field);
  options.put_json(field, {{sides.top, sides.bottom}, {sides.left, sides.right}});
  return options.as(type);
}

/// A list in which Keras has None for -1; an empty one is None.
void put_nones(Options& options, const char* field) {
  const auto sizes = options.value<std::vector<std::int64_t>>(field);
  Json list = Json::array();
  for (const std::int64_t size : sizes) list.push_back(size < 0 ? Json() : Json(size));
  options.put_json(field, sizes.empty() ? Json() : list);
}

Chain normalization(Options& options) {
  auto mean = options.take<std::vector<double>>("mean"), variance = options.take<std::vector<double>>("variance");
  const std::size_t channels = std::max(mean.size(), variance.size());
  if (channels == 1)
    return {{"Normalization",
             {{"axis", nullptr}, {"mean", mean.front()}, {"variance", variance.front()}, {"invert", false}}}};
  if (mean.size() == 1) mean.resize(channels, mean.front());
  if (variance.size() == 1) variance.resize(channels, variance.front());
  return {{"Normalization", {{"axis", {-1}}, {"mean", mean}, {"variance", variance}, {"invert", false}}}};
}

Chain stochastic_depth(Options& options, const Shape& input) {
  Json shape = Json::array({nullptr});
  for (int i = 1; i < input.rank(); ++i) shape.push_back(1);
  return {{"Dropout", {{"rate", options.value<double>("rate")}, {"noise_shape", shape}, {"seed", nullptr}}}};
}

}  // namespace

bool is_called_in_evaluation(const Layer& layer) {
  const auto normalization = layer.traits().normalization;
  return normalization && normalization->moving && normalization->moving->frozen && layer.trainable();
}

std::vector<Expressed> express(const Layer& layer, const Shape& input, std::vector<std::string>& lost) {
  Options options(layer, input);
  const std::string type(layer.type());
  static const std::set<std::string> kSameInKeras = {"AdaptiveAveragePooling2D",
                                                     "Add",
                                                     "Average",
                                                     "Concatenate",
                                                     "Conv2D",
                                                     "Dense",
                                                     "DepthwiseConv2D",
                                                     "Flatten",
                                                     "GaussianDropout",
                                                     "GlobalAveragePooling2D",
                                                     "GlobalMaxPooling2D",
                                                     "GroupNormalization",
                                                     "LayerNormalization",
                                                     "Maximum",
                                                     "Minimum",
                                                     "Multiply",
                                                     "Permute",
                                                     "Rescaling",
                                                     "Reshape",
                                                     "SeparableConv2D",
                                                     "SpatialDropout2D",
                                                     "Subtract",
                                                     "AlphaDropout"};
  if (kSameInKeras.contains(type)) return options.as(type);
  if (type == "Activation") return {activation_layer_of(layer.traits().activation)};
  if (type == "Conv1D") return conv1d(options);
  if (type == "Conv2DTranspose") {
    options.require(options.take<std::int64_t>("groups") <= 1, "groups");
    return options.as(type);
  }
  if (type == "MaxPooling2D" || type == "AveragePooling2D") return pooling(options, type);
  if (type == "BatchNormalization" || type == "BatchNormalizationFromParts")
    return batch_normalization(options, layer, lost);
  if (type == "InstanceNormalization") {
    options.put("groups", std::int64_t{-1});
    return options.as("GroupNormalization");
  }
  if (type == "RMSNormalization") {
    options.require(options.take<bool>("scale"), "scale = false");
    return options.as(type);
  }
  if (type == "LayerScale")
    return {{"LayerScale",
             {{"init_values", options.value<double>("initial_value")},
              {"projection_dim", input.back()},
              {"trainable", layer.trainable()}},
             "keras.src.applications.convnext"}};
  if (type == "PReLU" || type == "Dropout") {
    put_nones(options, type == "PReLU" ? "shared_axes" : "noise_shape");
    return options.as(type);
  }
  if (type == "ZeroPadding2D" || type == "Cropping2D")
    return margins(options, type == "Cropping2D" ? "cropping" : "padding", type);
  if (type == "UpSampling2D" || type == "Resizing") {
    options.require(!options.take<bool>("align_corners"), "align_corners");
    return options.as(type);
  }
  if (type == "Normalization") return normalization(options);
  if (type == "StochasticDepth") return stochastic_depth(options, input);
  throw Unsupported{type};
}

}  // namespace evenkeel::interchange::keras
