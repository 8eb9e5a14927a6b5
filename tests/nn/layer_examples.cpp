#include "tests/nn/layer_examples.h"

#include <algorithm>
#include <map>
#include <optional>

#include "evenkeel/program/ops/noise.h"

namespace evenkeel {
namespace {

/// Nothing where the layer does not build on such inputs.
std::optional<Example> built(const Layer& layer, const std::vector<Shape>& shapes) {
  Example example{.layer = layer, .inputs = shapes};
  Program program;
  LayerBuilder builder(program, "layer", 0, layer.trainable(), example.weights);
  std::vector<Value> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    inputs.push_back(program.input("x" + std::to_string(i), shapes[i], DType::float32));
  try {
    example.output = layer.build(builder, inputs).shape();
  } catch (const Error&) {
    return {};
  }
  example.emits_noise = std::ranges::any_of(
      program.nodes(), [](const Node& node) { return dynamic_cast<const ops::Noise*>(node.op.get()) != nullptr; });
  return example;
}

std::optional<Example> built(const Layer& layer) {
  const Shape images{6, 5, 4, 64}, features{6, 64}, sequences{6, 5, 64};
  const std::vector<std::vector<Shape>> all = {{images}, {images, images}, {features}, {sequences}};
  for (const std::vector<Shape>& inputs : all)
    if (auto example = built(layer, inputs)) return example;
  return {};
}

using List = std::vector<std::int64_t>;

/// Values to try for fields of these names, whatever layer has them; the first is for where the default does not do.
const std::map<std::string, std::vector<FieldValue>>& tried() {
  static const std::map<std::string, std::vector<FieldValue>> values = {
      {"filters", {std::int64_t{2}}},
      {"units", {std::int64_t{3}}},
      {"dims", {List{3, 1, 2}, List{2, 1, 3}, List{1, 2, 3}}},
      {"target_shape", {List{-1, 10}, List{4, 5, 8, 8}, List{8, 160}}},
      {"size", {List{1, 3}, std::int64_t{1}}},
      {"height", {std::int64_t{7}}},
      {"width", {std::int64_t{3}}},
      {"interpolation", {std::string("nearest"), std::string("bilinear")}},
      {"output_size", {List{3, 2}, List{7, 4}}},
      {"cropping", {std::int64_t{1}, List{1, 0, 2, 1}}},
      {"mean", {std::vector<double>{0.5}}},
      {"variance", {std::vector<double>{4}}},
      {"kernel_size", {std::int64_t{1}, List{2, 3}}},
      {"strides", {std::int64_t{2}}},
      {"pool_size", {std::int64_t{3}}},
      {"padding", {std::string("same"), std::int64_t{0}, std::int64_t{1}, List{0, 1, 1, 0}}},
      {"dilation_rate", {std::int64_t{2}, List{2, 1}}},
      {"depth_multiplier", {std::int64_t{2}}},
      {"output_padding", {std::int64_t{0}}},
      {"activation",
       {std::string("relu"),
        std::string("elu"),
        std::string("sigmoid"),
        std::string("tanh"),
        std::string("softmax"),
        std::string("leaky_relu"),
        std::string("selu"),
        std::string("gelu"),
        std::string("gelu_tanh"),
        std::string("silu"),
        std::string("mish"),
        std::string("relu6"),
        std::string("softplus"),
        std::string("softsign"),
        std::string("hard_sigmoid"),
        std::string("hard_swish"),
        std::string("elu(0.5)"),
        std::string("leaky_relu(0.01)"),
        std::string("clip(-0.5, 0.25)"),
        std::string("log_softmax")}},
      {"mode", {std::string("reflect"), std::string("edge")}},
      {"begin", {std::int64_t{2}}},
      {"count", {std::int64_t{5}}},
      {"rate", {0.0, 0.3, 0.7}},
      {"noise_shape", {List{-1, 1, 1, -1}, List{-1, 1, 1, 1}, List{1, -1, -1, -1}, List{-1, 1, -1, -1}}},
      {"shared_axes", {List{1, 2}, List{1, 3}}},
      {"initial_value", {0.5}},
      {"beta", {0.0, 0.8}},
      {"axis", {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{-2}}},
      {"groups", {std::int64_t{-1}, std::int64_t{4}, std::int64_t{2}}},
      {"momentum", {0.75}},
      {"epsilon", {0.1}},
      {"virtual_batch_size", {std::int64_t{2}}},
      {"scale", {0.5}},
      {"offset", {-2.0}},
  };
  return values;
}

std::vector<FieldValue> values_for(const LayerType::FieldInfo& field) {
  std::vector<FieldValue> values;
  if (const bool* flag = std::get_if<bool>(&field.default_value)) return {!*flag};
  if (const auto found = tried().find(field.name); found != tried().end()) values = found->second;
  std::erase_if(values, [&](const FieldValue& value) {
    try {
      field.check(value);
      return false;
    } catch (const Error&) {
      return true;
    }
  });
  return values;
}

}  // namespace

std::string Example::text() const {
  std::string text(layer.type());
  for (const auto& [name, value] : layer.settings(true)) text += ' ' + name + ' ' + to_string(value);
  return text;
}

std::optional<FieldValue> Example::field(const std::string& name) const {
  for (const auto& [key, value] : layer.settings(false))
    if (key == name) return value;
  return {};
}

Numbers Example::x() const {
  Trial made = trial();
  return in_double(made.input(0));
}

Numbers Example::y() const {
  Trial made = trial();
  made.run(kEvaluation);
  return made.output();
}

Numbers Example::y_of(const Numbers& x) const {
  Trial made = trial();
  std::ranges::copy(x, made.input(0).as<double>().begin());
  made.run(kEvaluation);
  return made.output();
}

Example Example::before_activation() const {
  Example other = *this;
  other.layer = layer.with("activation", std::string("linear"));
  return other;
}

std::vector<Example> examples_of(const LayerType& type) {
  using Settings = std::vector<std::pair<std::string, FieldValue>>;
  Settings base;
  for (const auto& field : type.fields)
    if (field.required || field.name == "dims" || field.name == "target_shape")
      base.emplace_back(field.name, values_for(field).at(0));
  std::vector<Example> examples;
  const auto add = [&](const Settings& settings) {
    if (auto example = built(type.make("layer", settings))) examples.push_back(std::move(*example));
  };
  add(base);
  for (const auto& field : type.fields)
    for (const FieldValue& value : values_for(field)) {
      Settings settings = base;
      std::erase_if(settings, [&](const auto& setting) { return setting.first == field.name; });
      settings.emplace_back(field.name, value);
      add(settings);
    }
  return examples;
}

const std::vector<Example>& examples() {
  static const std::vector<Example> all = [] {
    std::vector<Example> made;
    for (const LayerType& type : layer_types()) std::ranges::move(examples_of(type), std::back_inserter(made));
    return made;
  }();
  return all;
}

Model model_of(const Example& example) {
  std::vector<Model::Input> inputs;
  std::vector<std::string> names;
  for (const Shape& shape : example.inputs) {
    names.push_back("x" + std::to_string(inputs.size()));
    inputs.push_back({names.back(), shape.without_first()});
  }
  Model model = Model::with_inputs(std::move(inputs));
  if (example.layer.traits().is_input) names.clear();  // it reads the model's first
  model.append(example.layer, names);
  return model;
}

}  // namespace evenkeel
