#include "evenkeel/interchange/keras/translate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/keras/operations.h"
#include "evenkeel/interchange/keras/options.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::keras {
namespace {

/// Classes whose options have the same names as ours.
const std::set<std::string> kSame = {"Activation",
                                     "Add",
                                     "AdaptiveAveragePooling2D",
                                     "AlphaDropout",
                                     "Average",
                                     "AveragePooling2D",
                                     "BatchNormalization",
                                     "Concatenate",
                                     "Conv1D",
                                     "Conv2D",
                                     "Conv2DTranspose",
                                     "Cropping2D",
                                     "Dense",
                                     "DepthwiseConv2D",
                                     "Dropout",
                                     "Flatten",
                                     "GaussianDropout",
                                     "GlobalAveragePooling2D",
                                     "GlobalMaxPooling2D",
                                     "GroupNormalization",
                                     "LayerNormalization",
                                     "MaxPooling2D",
                                     "Maximum",
                                     "Minimum",
                                     "Multiply",
                                     "PReLU",
                                     "Permute",
                                     "RMSNormalization",
                                     "Reshape",
                                     "Resizing",
                                     "SeparableConv2D",
                                     "SpatialDropout2D",
                                     "Subtract",
                                     "UpSampling2D",
                                     "ZeroPadding2D"};

/// Layers that change images in training only.
const std::set<std::string> kAugmentation = {"RandomFlip",
                                             "RandomRotation",
                                             "RandomZoom",
                                             "RandomTranslation",
                                             "RandomContrast",
                                             "RandomHue",
                                             "RandomBrightness",
                                             "RandomSaturation",
                                             "RandomSharpness",
                                             "RandomShear",
                                             "RandomErasing",
                                             "RandomGrayscale",
                                             "RandomInvert",
                                             "RandomColorJitter",
                                             "RandomColorDegeneration",
                                             "RandomPosterization",
                                             "RandomGaussianBlur",
                                             "RandomPerspective",
                                             "RandomElasticTransform",
                                             "RandAugment",
                                             "AugMix",
                                             "CutMix",
                                             "MixUp"};

/// Layers that Keras has for its own families alone. An .h5 file names no modules: there its setting tells.
bool is_of_applications(const Node& node, const char* setting) {
  return node.module.find("applications") != std::string::npos ||
         (node.module.empty() && node.config.contains(setting));
}

bool is_of_keras(const std::string& module) {
  return module.empty() || module.starts_with("keras") || module.starts_with("tf_keras") ||
         module.starts_with("tensorflow");
}

/// Our layer of a class with the same options.
class SameLayer {
 public:
  SameLayer(const Node& node, const std::string& type, const Usage& usage, const std::string& where)
      : node_(node), type_(*find_layer_type(type)), usage_(usage), where_(where) {}

  Translated translated() {
    Translated result;
    fields_ = fields_from(type_, node_, usage_, result, where_);
    put_trainable();
    put_sizes();
    put_axis();
    if (type_.type == "BatchNormalization") put_statistics(result);
    if (type_.type == "Activation" && activation_is_old()) return old_hard_sigmoid({});
    try {
      result.chain = {type_.make("", fields_)};
    } catch (const Error& error) {
      throw Unsupported{fmt::format("{} with {} {}", node_.type, error.parts().where, error.parts().received)};
    }
    if (activation_is_old()) return old_hard_sigmoid(std::move(result));
    return result;
  }

 private:
  bool has(const char* field) const { return std::ranges::count(type_.fields, field, &LayerType::FieldInfo::name) > 0; }
  Json value(const char* key) const { return node_.config.contains(key) ? plain(node_.config[key]) : Json(); }
  int rank() const { return usage_.inputs.empty() ? 0 : usage_.inputs.front().rank(); }

  bool activation_is_old() const {
    return has("activation") && usage_.keras_2 && value("activation") == "hard_sigmoid";
  }
  /// Keras 2's: 0.2 x + 0.5 between 0 and 1.
  Translated old_hard_sigmoid(Translated first) {
    if (!first.chain.empty()) first.names.push_back("");
    first.chain.push_back(Rescaling{.scale = 0.2, .offset = 0.5});
    first.chain.push_back(Activation{.activation = ActivationFunction::clip(0, 1)});
    first.names.resize(first.chain.size() - 2);
    first.names.insert(first.names.end(), {".scaled", ".activation"});
    return first;
  }

  void put_trainable() {
    if (!has("trainable")) return;
    set(fields_, "trainable", !(value("trainable") == false || usage_.frozen));
  }

  void put_sizes() {
    if (type_.type == "Conv1D")
      for (auto& [name, field] : fields_)
        if (std::vector<std::int64_t> all; convert(field, all) && all.size() == 1) field = all.front();
    if (type_.type == "Conv1D" && value("padding") == "causal") {
      const std::int64_t size = wholes_of(value("kernel_size"), where_).at(0);
      const std::int64_t dilation =
          value("dilation_rate").is_null() ? 1 : wholes_of(value("dilation_rate"), where_).at(0);
      if (size < 1 || dilation < 1 || size > 65536 || dilation > 65536) throw Unsupported{"Conv1D of such a size"};
      set(fields_, "padding", std::vector<std::int64_t>{0, 0, (size - 1) * dilation, 0});
    }
    for (const char* sides : {"padding", "cropping"})
      if (value(sides).is_array()) {
        std::vector<std::int64_t> all;
        for (const double side : numbers_of(value(sides), where_ + ": " + sides))
          all.push_back(static_cast<std::int64_t>(side));
        // (height, width) or ((top, bottom), (left, right)).
        set(fields_, sides, all);
      }
    if (type_.type == "Resizing" && value("interpolation").is_string())
      set(fields_, "interpolation", value("interpolation").get<std::string>());
  }

  void put_axis() {
    const Json axis = value("axis");
    if (axis.is_null()) return;
    const std::vector<std::int64_t> axes = wholes_of(axis, where_ + ": axis");
    const bool is_last = axes.size() == 1 && (axes.front() == -1 || (rank() > 0 && axes.front() == rank() - 1) ||
                                              (rank() == 0 && axes.front() > 0));
    const bool is_batch_norm = type_.type == "BatchNormalization";
    if (!is_last && (!is_batch_norm || axes.size() != 1))
      throw Unsupported{fmt::format("{} along axis {}", node_.type, formats::json_text(axis))};
    if (has("axis")) set(fields_, "axis", is_last ? -1 : axes.front());
  }

  void put_statistics(Translated& result) {
    if (usage_.training == true) throw Unsupported{node_.type + " called with training=True"};
    const bool frozen = usage_.training == false || usage_.frozen || value("trainable") == false;
    if (frozen) set(fields_, "frozen_statistics", true);
    // Measured with 3.15: model(x, training=True), and so fit, hands its own `training` to every layer.
    if (usage_.training == false && !usage_.frozen && value("trainable") != false && !usage_.keras_2)
      result.warnings.push_back(
          "called with training=False, its statistics are frozen here; Keras 3 ignores that while a model trains, "
          "unless the layer is not trainable either");
    // The fused kernel of TensorFlow, which tf.keras uses for images, and all of the Keras before it.
    const bool unbiased = usage_.keras_2 && (usage_.multi_backend || rank() == 4);
    if (!unbiased) return;
    set(fields_, "unbiased_moving_variance", true);
    result.recognised.push_back("Keras 2's moving variance is the unbiased one");
  }

  const Node& node_;
  const LayerType& type_;
  const Usage& usage_;
  const std::string& where_;
  FieldList fields_;
};

/// ReLU, LeakyReLU, ELU and Softmax as layers.
std::optional<ActivationFunction> activation_layer(const Node& node, const std::string& where) {
  const Json& config = node.config;
  if (node.type == "ReLU") {
    const double slope = number_of(config, "negative_slope", "alpha", 0, where);
    const double most = number_of(config, "max_value", "max_value", INFINITY, where);
    if (number_of(config, "threshold", "threshold", 0, where) != 0) throw Unsupported{"ReLU with a threshold"};
    if (std::isfinite(most) && (slope != 0 || most <= 0)) throw Unsupported{"ReLU with such a max_value"};
    if (std::isfinite(most)) return ActivationFunction::clip(0, most);
    if (slope < 0) throw Unsupported{"ReLU with a negative slope below 0"};
    return slope == 0 ? ActivationFunction::relu : ActivationFunction::leaky_relu(slope);
  }
  if (node.type == "LeakyReLU" || node.type == "ELU") {
    const bool leaky = node.type == "LeakyReLU";
    const double a = number_of(config, leaky ? "negative_slope" : "alpha", "alpha", leaky ? 0.3 : 1.0, where);
    if (a < 0) throw Unsupported{fmt::format("{} with {}", node.type, a)};
    return leaky ? ActivationFunction::leaky_relu(a) : ActivationFunction::elu(a);
  }
  if (node.type != "Softmax") return {};
  if (config.contains("axis") && wholes_of(config["axis"], where) != std::vector<std::int64_t>{-1})
    throw Unsupported{"Softmax along axis " + formats::json_text(config["axis"])};
  return ActivationFunction::softmax;
}

Translated rescaling(const Node& node, const std::string& where) {
  const auto numbers = [&](const char* key, double otherwise) {
    return node.config.contains(key) ? numbers_of(node.config[key], where + ": " + key) : std::vector{otherwise};
  };
  std::vector<double> scale = numbers("scale", 1), offset = numbers("offset", 0);
  if (scale.size() == 1 && offset.size() == 1)
    return {.chain = {Rescaling{.scale = scale.front(), .offset = offset.front()}}};
  return {.chain = {by_channel(std::move(scale), std::move(offset), "Rescaling")}};
}

Translated normalization(const Node& node, const Usage& usage, const std::string& where) {
  const Json& config = node.config;
  if (config.contains("invert") && config["invert"] == true) throw Unsupported{"Normalization with invert"};
  if (config.contains("axis") && !config["axis"].is_null()) {
    const std::vector<std::int64_t> axes = wholes_of(config["axis"], where + ": axis");
    const int rank = usage.inputs.empty() ? 0 : usage.inputs.front().rank();
    const bool is_last =
        axes.size() == 1 && (axes.front() == -1 || (axes.front() > 0 && (rank == 0 || axes.front() == rank - 1)));
    if (!axes.empty() && !is_last) throw Unsupported{"Normalization along axis " + formats::json_text(config["axis"])};
  }
  const bool given = config.contains("mean") && !config["mean"].is_null() && config.contains("variance");
  if (!given) return {.chain = {FixedNormalization{}}, .has_fixed_statistics = true};
  return {.chain = {fixed_normalization(numbers_of(config["mean"], where + ": mean"),
                                        numbers_of(config["variance"], where + ": variance"))}};
}

}  // namespace

Layer fixed_normalization(const std::vector<double>& mean, const std::vector<double>& variance) {
  return find_layer_type(FixedNormalization::kType)->make("", {{"mean", mean}, {"variance", variance}});
}

Translated translate(const Node& node, const Usage& usage, const std::string& where) {
  if (!is_of_keras(node.module) || !node.config.is_object()) throw Unsupported{node.type};
  if (node.is_operation() || node.type == "TFOpLambda" || node.type == "TensorFlowOpLayer")
    return translate_operation(node, usage, where);
  if (const auto activation = activation_layer(node, where)) return {.chain = {Activation{.activation = *activation}}};
  if (node.type == "Rescaling") return rescaling(node, where);
  if (node.type == "Normalization") return normalization(node, usage, where);
  if (node.type == "Identity") return {};
  if (node.type == "ActivityRegularization") return {.chain = {}, .warnings = {"its penalty is left out"}};
  if (kAugmentation.contains(node.type))
    return {.chain = {}, .warnings = {"augmentation is left out: it changes nothing in evaluation"}};
  if (node.type == "LayerScale" && is_of_applications(node, "projection_dim"))
    return {.chain = {LayerScale{.initial_value = number_of(node.config, "init_values", "init_values", 1e-6, where),
                                 .trainable = !usage.frozen && node.config.value("trainable", true)}}};
  const bool is_depth = node.type == "StochasticDepth" && is_of_applications(node, "drop_path_rate");
  const bool is_noise =
      is_depth || node.type.ends_with("Dropout") || node.type == "SpatialDropout1D" || node.type == "SpatialDropout2D";
  if (is_noise && usage.training == true) throw Unsupported{node.type + " called with training=True"};
  if (is_noise && usage.training == false)
    return {.chain = {}, .recognised = {"called with training=False, it never drops anything"}};
  if (is_depth) return {.chain = {StochasticDepth{.rate = number_of(node.config, "drop_path_rate", "rate", 0, where)}}};
  if (node.type == "SpatialDropout1D")
    return {.chain = {Dropout{.rate = number_of(node.config, "rate", "rate", 0.5, where), .noise_shape = {-1, 1, -1}}}};
  std::string type = node.type;
  for (const char* other : {"BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization"})
    if (type == other) type = "BatchNormalization";
  if (!kSame.contains(type)) throw Unsupported{node.type};
  return SameLayer(node, type, usage, where).translated();
}

}  // namespace evenkeel::interchange::keras
