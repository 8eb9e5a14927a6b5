#include "evenkeel/interchange/keras/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/interchange/keras/graph.h"
#include "evenkeel/nn/losses.h"
#include "evenkeel/train/settings.h"

namespace evenkeel::interchange::keras {
namespace {

/// A float32 variable's value as people write it: 0.001 for 0.0010000000474974513.
double as_written(double value) {
  const auto rounded = static_cast<float>(value);
  return static_cast<double>(rounded) == value ? std::stod(fmt::format("{}", rounded)) : value;
}

Json part(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) ? object[key] : Json();
}

struct Compiled {
  const File& file;
  Imported& imported;
  void warn(const std::string& sentence) const { imported.record.warnings.push_back(sentence); }
  void set(const std::string& key, FieldValue value) const { imported.file.training.set({key, std::move(value)}); }
};

/// Keras's loss of the main output: its name, and its options if it has any.
struct LossConfig {
  std::string name;
  Json options = Json::object();
};
std::optional<LossConfig> loss_of(const Json& json) {
  if (json.is_string()) return LossConfig{json.get<std::string>()};
  if ((json.is_array() && !json.empty()) || (json.is_object() && !json.contains("class_name") && !json.empty()))
    return loss_of(json.front());
  if (!json.is_object()) return {};
  const Json config = part(json, "config");
  // A function: {"class_name": "function", "config": "mse"}.
  if (config.is_string()) return LossConfig{config.get<std::string>()};
  const std::string type = class_of(json);
  if (type.empty()) return {};
  return LossConfig{type, config.is_object() ? config : Json::object()};
}

void put_loss(const Compiled& to) {
  const auto config = loss_of(part(to.file.training, "loss"));
  if (!config) return;
  static const std::vector<std::pair<std::string, std::string>> kClasses = {
      {"SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"},
      {"CategoricalCrossentropy", "categorical_crossentropy"},
      {"BinaryCrossentropy", "binary_crossentropy"},
      {"MeanSquaredError", "mse"}};
  std::string name = config->name;
  for (const auto& [type, ours] : kClasses)
    if (name == type) name = ours;
  const std::vector<std::string> known = loss_names();
  if (std::ranges::count(known, name) == 0) {
    to.warn(fmt::format("evenkeel has no loss \"{}\": choose one by --loss.", printable(shortened(name, 60))));
    return;
  }
  // Ours are computed from what goes into a final softmax or sigmoid.
  const Model& model = to.imported.file.model;
  const ActivationFunction last = model.nodes()[static_cast<std::size_t>(model.output())].layer.traits().activation;
  const Scores scores = scores_of(loss_named(name));
  const bool is_scored =
      scores == Scores::softmax ? last == ActivationFunction::softmax : last == ActivationFunction::sigmoid;
  const bool from_logits = part(config->options, "from_logits") == true;
  if (scores != Scores::outputs && from_logits && is_scored)
    to.warn(
        "The loss has from_logits=True, but the last layer has an activation: here the loss is computed from what goes "
        "into that.");
  if (scores != Scores::outputs && !from_logits && !is_scored) {
    to.warn(fmt::format("The loss {} is of probabilities, but the last layer is no {}: the loss is left out.", name,
                        scores == Scores::softmax ? "softmax" : "sigmoid"));
    return;
  }
  to.set("loss", name);
  if (const Json smoothing = part(config->options, "label_smoothing");
      smoothing.is_number() && smoothing != 0 && scores != Scores::outputs)
    to.set("label_smoothing", smoothing.get<double>());
}

Json optimizer_config(const Json& training) {
  const Json own = part(training, "optimizer");
  return own.is_null() ? part(training, "optimizer_config") : own;
}

/// Returns "adam" or "sgd", where the optimizer is one of them.
std::string put_optimizer(const Compiled& to) {
  const Json json = optimizer_config(to.file.training);
  const std::string type = json.is_string() ? json.get<std::string>() : class_of(json);
  if (type.empty()) return "";
  const std::string name = same_name(type, "adam")    ? "adam"
                           : same_name(type, "adamw") ? "adamw"
                           : same_name(type, "sgd")   ? "sgd"
                                                      : "";
  if (name.empty()) {
    to.warn(
        fmt::format("evenkeel has no optimizer {}: it trains on with its default.", printable(shortened(type, 60))));
    return "";
  }
  to.set("optimizer", name);
  const Json config = part(json, "config");
  const auto number = [&](const char* key) {
    const Json value = plain(part(config, key));
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
  };
  if (const Json rate = part(config, "learning_rate"); rate.is_object() && !rate.contains("value")) {
    to.warn(fmt::format("The schedule {} of the learning rate is left out.", printable(class_of(rate))));
    if (const Json first = part(part(rate, "config"), "initial_learning_rate"); first.is_number() && first > 0)
      to.set("learning_rate", first.get<double>());
  } else if (const auto value = number("learning_rate"); value && *value > 0) {
    to.set("learning_rate", as_written(*value));
  }
  const std::vector<const char*> own =
      name == "sgd" ? std::vector{"momentum"} : std::vector{"beta_1", "beta_2", "epsilon"};
  for (const char* key : own)
    if (const auto value = number(key)) to.set(key, *value);
  if (name == "sgd" && part(config, "nesterov") == true && number("momentum").value_or(0) > 0) to.set("nesterov", true);
  for (const char* key : {"weight_decay", "clipnorm", "global_clipnorm", "clipvalue"})
    if (const auto value = number(key); value && *value > 0) to.set(key, *value);
  if (part(config, "amsgrad") == true) to.warn("Adam's amsgrad is left out.");
  const bool averages = part(config, "use_ema") == true;
  if (averages)
    if (const auto value = number("ema_momentum")) to.set("ema_momentum", *value);
  if (averages || part(config, "amsgrad") == true) {
    to.warn("The optimizer's state is left out.");
    return "";
  }
  return name == "sgd" ? "sgd" : "adam";
}

/// The optimizer's variables in Keras's order, without step count and learning rate; the step count.
struct State {
  std::vector<const formats::Hdf5Object*> slots;
  const formats::Hdf5Object* steps = nullptr;
};

void add_variable(const formats::Hdf5Object* object, State& state) {
  if (!object || !object->is_dataset) return;
  const bool is_scalar = object->shape.rank() == 0;
  if (is_scalar && object->type.starts_with('i') && !state.steps)
    state.steps = object;
  else if (!is_scalar)
    state.slots.push_back(object);
}

State state_of(const File& file) {
  State state;
  if (file.is_archive) {
    for (int i = 0; const auto* object = file.tree.find("optimizer/vars/" + std::to_string(i)); ++i)
      add_variable(object, state);
    return state;
  }
  const formats::Hdf5Object* group = file.tree.find("optimizer_weights");
  const auto names = group ? group->texts("weight_names") : std::nullopt;
  if (!names) return state;
  for (const std::string& name : *names) add_variable(file.tree.find("optimizer_weights/" + name), state);
  // The optimizers before TensorFlow 2.11 have all first moments first, under names that end in "/m:0" and "/v:0".
  const auto ends = [](const formats::Hdf5Object* object, const char* end) { return object->path.ends_with(end); };
  if (!state.slots.empty() && ends(state.slots.front(), "/m:0")) {
    std::vector<const formats::Hdf5Object*> first, second;
    for (const auto* slot : state.slots) (ends(slot, "/v:0") ? second : first).push_back(slot);
    if (first.size() == second.size()) {
      state.slots.clear();
      for (std::size_t i = 0; i < first.size(); ++i) state.slots.insert(state.slots.end(), {first[i], second[i]});
    }
  }
  return state;
}

/// One of the slots of all tensors as one block, each tensor aligned, in the order of our model.
Tensor block_of(const File& file, const std::vector<WeightInfo>& trainable,
                const std::vector<const formats::Hdf5Object*>& slots, std::size_t first, std::size_t step,
                const std::vector<std::size_t>& places, std::int64_t size) {
  Tensor block({size}, DType::float32);
  for (std::size_t i = 0; i < trainable.size(); ++i) {
    const Tensor own =
        converted(formats::tensor_of(*slots[first + i * step], file.weights, file.where), DType::float32);
    std::memcpy(block.data() + places[i], own.data(), own.bytes());
  }
  return block;
}

void put_state(const Compiled& to, const std::string& optimizer, const std::vector<WeightInfo>& trainable) {
  const State state = state_of(to.file);
  if (state.slots.empty()) return;
  const bool is_adam = optimizer == "adam";
  const std::size_t each = is_adam ? 2 : 1;
  bool fits = state.slots.size() == each * trainable.size();
  for (std::size_t i = 0; fits && i < state.slots.size(); ++i)
    fits = state.slots[i]->shape == trainable[i / each].shape;
  if (!fits) {
    to.warn("The optimizer's state does not fit the trainable tensors, and is left out.");
    return;
  }
  std::vector<std::size_t> places;
  std::size_t bytes = 0;
  for (const WeightInfo& weight : trainable) {
    places.push_back(bytes);
    bytes += aligned_size(static_cast<std::size_t>(weight.shape.size()) * sizeof(float));
  }
  const auto size = static_cast<std::int64_t>(bytes / sizeof(float));
  const auto block = [&](std::size_t first) {
    return block_of(to.file, trainable, state.slots, first, each, places, size);
  };
  formats::SafetensorsFile& slots = to.imported.slots;
  slots.add(is_adam ? "adam/m" : "sgd/velocity", block(0));
  if (is_adam) slots.add("adam/v", block(1));
  if (!state.steps) return;
  const Tensor steps = converted(formats::tensor_of(*state.steps, to.file.weights, to.file.where), DType::int64);
  if (steps.as<std::int64_t>()[0] >= 0) slots.metadata["step"] = std::to_string(steps.as<std::int64_t>()[0]);
}

}  // namespace

void add_training(const File& file, const std::vector<WeightInfo>& trainable, Imported& imported) {
  if (!file.training.is_object() || file.training.empty()) return;
  const Compiled to{file, imported};
  put_loss(to);
  const std::string optimizer = put_optimizer(to);
  try {
    imported.file.training = training_keys().checked(imported.file.training);
  } catch (const Error& error) {
    to.warn("The settings of compile() are left out: " + std::string(error.what()));
    imported.file.training = {};
    return;
  }
  if (!optimizer.empty()) put_state(to, optimizer, trainable);
}

}  // namespace evenkeel::interchange::keras
