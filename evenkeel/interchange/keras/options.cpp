#include "evenkeel/interchange/keras/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/model.h"

namespace evenkeel::interchange::keras {
namespace {

std::string shown(const Json& json) { return shortened(formats::json_text(json), 60); }

bool is_whole(const Json& json) {
  return json.is_number_integer() &&
         (!json.is_number_unsigned() || json.get<std::uint64_t>() <= std::uint64_t{1} << 53);
}

std::optional<FieldValue> list_from(const Json& json) {
  std::vector<std::int64_t> wholes;
  std::vector<double> numbers;
  for (const Json& one : json) {
    if (!one.is_number() && !one.is_null()) return {};
    if (one.is_null() || is_whole(one)) wholes.push_back(one.is_null() ? -1 : one.get<std::int64_t>());
    numbers.push_back(one.is_null() ? -1 : one.get<double>());
  }
  if (wholes.size() == numbers.size()) return FieldValue(wholes);
  return FieldValue(numbers);
}

void add_numbers(const Json& value, std::vector<double>& all, const std::string& where) {
  if (value.is_number())
    all.push_back(value.get<double>());
  else if (value.is_array())
    for (const Json& one : value) add_numbers(one, all, where);
  else
    throw Error{{.where = where, .expected = "numbers", .received = shown(value)}};
}

/// Options that our layers compute without; and what they must be.
bool is_as_ours(const std::string& key, const Json& value) {
  static const std::map<std::string, Json> kOnly = {{"data_format", "channels_last"},
                                                    {"renorm", false},
                                                    {"rms_scaling", false},
                                                    {"crop_to_aspect_ratio", false},
                                                    {"pad_to_aspect_ratio", false},
                                                    {"antialias", false},
                                                    {"invert", false},
                                                    {"groups", 1},
                                                    {"dilation_rate", 1},
                                                    {"adjustment", Json()},
                                                    {"quantization_config", Json()}};
  const auto known = kOnly.find(key);
  if (known == kOnly.end() || value.is_null() || value == known->second) return true;
  if (key == "data_format") return value == "default";
  return value.is_array() && std::ranges::all_of(value, [&](const Json& one) { return one == known->second; });
}

void warn_of_rest(const std::string& key, const Json& value, Translated& result) {
  if (value.is_null()) return;
  if (key.ends_with("_constraint"))
    result.warnings.push_back(fmt::format("its {} is left out: training here has no constraints", key));
  else if (key.ends_with("_regularizer"))
    result.warnings.push_back(fmt::format("its {} is left out", key));
}

}  // namespace

std::optional<FieldValue> field_from(const Json& wrapped) {
  const Json json = plain(wrapped);
  if (json.is_boolean()) return FieldValue(json.get<bool>());
  if (is_whole(json)) return FieldValue(json.get<std::int64_t>());
  if (json.is_number()) return FieldValue(json.get<double>());
  if (json.is_string()) return FieldValue(json.get<std::string>());
  if (json.is_array()) return list_from(json);
  return {};
}

std::vector<double> numbers_of(const Json& value, const std::string& where) {
  std::vector<double> all;
  add_numbers(plain(value), all, where);
  return all;
}

double number_of(const Json& config, const char* key, const char* other, double otherwise, const std::string& where) {
  for (const char* name : {key, other}) {
    const auto found = config.find(name);
    if (found == config.end() || found->is_null()) continue;
    const std::vector<double> numbers = numbers_of(*found, where + ": " + name);
    if (numbers.size() != 1)
      throw Error{{.where = where + ": " + name, .expected = "one number", .received = shown(*found)}};
    return numbers.front();
  }
  return otherwise;
}

std::vector<std::int64_t> wholes_of(const Json& value, const std::string& where) {
  const auto field = field_from(value);
  std::vector<std::int64_t> wholes;
  if (!field || !convert(*field, wholes))
    throw Error{{.where = where, .expected = "whole numbers", .received = shown(value)}};
  return wholes;
}

std::optional<std::string> activation_from(const Json& value, const Usage& usage, const std::string& where) {
  if (value.is_null()) return "linear";
  if (value.is_object()) {
    // A layer as the activation, or a function of the user's.
    const std::string type = class_of(value);
    const Json config = value.contains("config") ? value["config"] : Json();
    if (config.is_string()) return activation_from(config, usage, where);
    if (type.empty() || type == "function") throw Unsupported{"an activation " + shown(value)};
    const Node node{.type = type, .name = type, .module = "keras.layers", .config = config};
    const Translated layer = translate(node, usage, where);
    const LayerTraits traits = layer.chain.empty() ? LayerTraits() : layer.chain.front().traits();
    const bool is_function = layer.chain.size() == 1 && !traits.linear && !traits.normalization && !traits.noise &&
                             traits.activation != ActivationFunction::linear;
    if (!is_function) throw Unsupported{"an activation " + type};
    return name_of(traits.activation);
  }
  if (!value.is_string()) throw Error{{.where = where, .expected = "an activation", .received = shown(value)}};
  const auto name = value.get<std::string>();
  if (name == "hard_sigmoid" && usage.keras_2) return {};
  static const std::map<std::string, std::string> kOthers = {{"swish", "silu"}, {"hard_silu", "hard_swish"}};
  const auto other = kOthers.find(name);
  const std::string ours = other == kOthers.end() ? name : other->second;
  ActivationFunction known;
  if (ours == "gelu_tanh" || ours.find('(') != std::string::npos || !convert(FieldValue(ours), known))
    throw Unsupported{"an activation \"" + shortened(name, 60) + '"'};
  return ours;
}

std::optional<std::string> initializer_from(const Json& value) {
  const std::string type = value.is_string() ? value.get<std::string>() : class_of(value);
  const Json config =
      value.is_object() && value.contains("config") && value["config"].is_object() ? value["config"] : Json::object();
  const auto number = [&](const char* key, double otherwise) {
    return config.contains(key) && config[key].is_number() ? config[key].get<double>() : otherwise;
  };
  for (const char* plain_name : {"Zeros", "Ones", "GlorotUniform", "HeNormal"})
    if (same_name(type, plain_name)) return snake_case(plain_name);
  if (same_name(type, "Constant")) return fmt::format("constant({})", number("value", 0));
  if (same_name(type, "TruncatedNormal") && number("mean", 0) == 0)
    return fmt::format("truncated_normal({})", number("stddev", 0.05));
  return {};
}

std::optional<std::string> regularizer_from(const Json& value, const std::string& key,
                                            std::vector<std::string>& warnings) {
  const Json config =
      value.is_object() && value.contains("config") && value["config"].is_object() ? value["config"] : Json::object();
  const auto number = [&](const char* name) {
    const Json found = config.contains(name) ? plain(config[name]) : Json();
    return found.is_number() ? found.get<double>() : 0.0;
  };
  const std::string type = class_of(value);
  const bool known = type == "L2" || type == "L1L2" || type == "L1";
  if (!known || number("l1") != 0)
    warnings.push_back(
        fmt::format("its {} {} is left out: penalties here are of kind l2", key, known ? "of kind l1" : shown(value)));
  if (known && number("l2") > 0) return fmt::format("l2({})", number("l2"));
  return {};
}

FieldList fields_from(const LayerType& type, const Node& node, const Usage& usage, Translated& result,
                      const std::string& where) {
  FieldList fields;
  for (const auto& [key, value] : node.config.items()) {
    const auto field = std::ranges::find(type.fields, key, &LayerType::FieldInfo::name);
    if (field == type.fields.end()) {
      if (!is_as_ours(key, plain(value))) throw Unsupported{fmt::format("{} with {} {}", node.type, key, shown(value))};
      warn_of_rest(key, value, result);
      continue;
    }
    if (value.is_null() || key == "trainable") continue;
    if (key == "activation") {
      const auto activation = activation_from(value, usage, where);
      if (activation) fields.emplace_back(key, *activation);
    } else if (key.ends_with("_initializer")) {
      if (const auto initializer = initializer_from(value)) fields.emplace_back(key, *initializer);
    } else if (key.ends_with("_regularizer")) {
      if (const auto penalty = regularizer_from(value, key, result.warnings)) fields.emplace_back(key, *penalty);
    } else if (auto converted = field_from(value)) {
      fields.emplace_back(key, std::move(*converted));
    } else if (key != "padding" && key != "cropping") {  // which may be nested
      throw Error{{.where = where + ": " + key, .expected = field->kind, .received = shown(value)}};
    }
  }
  return fields;
}

void set(FieldList& fields, const std::string& name, FieldValue value) {
  const auto found = std::ranges::find(fields, name, &FieldList::value_type::first);
  if (found == fields.end())
    fields.emplace_back(name, std::move(value));
  else
    found->second = std::move(value);
}

}  // namespace evenkeel::interchange::keras
