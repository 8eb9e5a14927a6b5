#include "evenkeel/interchange/keras/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"

namespace evenkeel::interchange::keras {
namespace {

[[noreturn]] void refuse_config(const std::string& where, const std::string& expected, const Json& received) {
  throw Error{{.where = where, .expected = expected, .received = shortened(formats::json_text(received), 80)}};
}

const Json& item(const Json& object, const char* key, const std::string& where) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end())
    throw Error{{.where = where, .expected = fmt::format("\"{}\"", key), .received = "no such key"}};
  return *found;
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_index(const Json& json) { return json.is_number_integer() && json >= 0 && json < 1'000'000; }

/// Keras 2's [layer, node, output], perhaps with keywords after it.
bool is_reference(const Json& json) {
  return json.is_array() && json.size() >= 3 && json[0].is_string() && is_index(json[1]) && is_index(json[2]);
}
Output reference(const Json& json) { return {json[0].get<std::string>(), json[2].get<std::size_t>()}; }

bool is_keras_tensor(const Json& json) { return text_in(json, "class_name") == "__keras_tensor__"; }

Output keras_tensor(const Json& json, const std::string& where) {
  const Json& history = item(item(json, "config", where), "keras_history", where);
  if (!is_reference(history)) refuse_config(where, "the layer, node and output that it reads", history);
  return reference(history);
}

/// Adds an argument; one that holds several outputs (a list for an Add) adds each.
void add_argument(const std::string& name, const Json& json, Call& call, const std::string& where) {
  if (call.arguments.size() > limits::kLayers) refuse_config(where, "fewer inputs", json);
  if (is_keras_tensor(json)) {
    call.arguments.push_back({.name = name, .is_output = true, .output = keras_tensor(json, where)});
  } else if (is_reference(json)) {
    call.arguments.push_back({.name = name, .is_output = true, .output = reference(json)});
  } else if (json.is_array() && !json.empty() && (is_keras_tensor(json.front()) || is_reference(json.front()))) {
    for (const Json& one : json) add_argument(name, one, call, where);
  } else if (!json.is_null()) {
    call.arguments.push_back({.name = name, .constant = plain(json)});
  }
}

void add_keywords(const Json& keywords, Call& call, const std::string& where) {
  if (!keywords.is_object()) return;
  for (const auto& [key, value] : keywords.items())
    if (key != "name") add_argument(key, value, call, where);
}

/// A use in Keras 3: {"args": [...], "kwargs": {...}}; in Keras 2: a list of [layer, node, output, keywords], or one
/// such list alone.
Call call_from(const Json& json, const std::string& where) {
  Call call;
  if (json.is_object()) {
    const Json& arguments = item(json, "args", where);
    if (!arguments.is_array()) refuse_config(where, "a list of arguments", arguments);
    for (const Json& one : arguments) add_argument("", one, call, where);
    if (const auto keywords = json.find("kwargs"); keywords != json.end()) add_keywords(*keywords, call, where);
    return call;
  }
  if (!json.is_array()) refuse_config(where, "the layers that it reads", json);
  const auto add = [&](const Json& one) {
    const bool is_constant = one.is_array() && one.size() >= 3 && one[0] == "_CONSTANT_VALUE";
    if (is_constant)
      call.arguments.push_back({.constant = plain(one[2])});
    else if (is_reference(one))
      call.arguments.push_back({.is_output = true, .output = reference(one)});
    else
      refuse_config(where, "the layer, node and output that it reads", one);
  };
  const bool is_one = !json.empty() && json.front().is_string();
  if (is_one)
    add(json);
  else
    for (const Json& one : json) add(one);
  // Every input has the same keywords.
  const Json& first = is_one || json.empty() ? json : json.front();
  if (first.size() > 3) add_keywords(first[3], call, where);
  return call;
}

bool is_model_class(const std::string& type) { return type == "Functional" || type == "Model" || type == "Sequential"; }

Node node_from(const Json& json, const std::string& where);

std::vector<Node> layers_from(const Json& list, const std::string& where) {
  if (!list.is_array()) refuse_config(where, "a list of layers", list);
  if (list.size() > limits::kLayers) refuse_config(where, "fewer layers", list.size());
  std::vector<Node> layers;
  for (const Json& one : list) {
    layers.push_back(node_from(one, where));
  }
  return layers;
}

/// One layer after the other, as if each said so.
void chain_up(Node& model, const Json& config, const std::string& where) {
  if (model.layers.empty() || model.layers.front().type != "InputLayer") {
    // The first layer may say what it reads; else `build_input_shape` does.
    Json shape;
    if (!model.layers.empty()) {
      const Json& first = model.layers.front().config;
      for (const char* key : {"batch_input_shape", "batch_shape"})
        if (shape.is_null() && first.is_object() && first.contains(key)) shape = first[key];
    }
    if (shape.is_null() && config.is_object() && config.contains("build_input_shape"))
      shape = config["build_input_shape"];
    Node input{.type = "InputLayer", .name = model.name + "_input", .module = "", .config = {}, .calls = {}};
    input.config = Json{{"name", input.name}, {"batch_input_shape", shape}};
    model.layers.insert(model.layers.begin(), std::move(input));
  }
  model.inputs = {model.layers.front().name};
  for (std::size_t i = 1; i < model.layers.size(); ++i) {
    Node& layer = model.layers[i];
    if (layer.type == "InputLayer") refuse_config(where, "one InputLayer, the first", layer.name);
    layer.calls = {Call{{Argument{.is_output = true, .output = {model.layers[i - 1].name}}}}};
  }
  model.outputs = {{model.layers.back().name}};
}

/// Names in the tree of inputs or outputs: one reference, a list of them, or a dictionary.
void collect(const Json& json, std::vector<Output>& found, std::vector<std::string>& names, const std::string& where) {
  if (is_reference(json)) {
    found.push_back(reference(json));
  } else if (json.is_array()) {
    for (const Json& one : json) collect(one, found, names, where);
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      const std::size_t before = found.size();
      collect(value, found, names, where);
      if (found.size() == before + 1) names.push_back(key);
    }
  } else {
    refuse_config(where, "the layer, node and output", json);
  }
}

void connect(Node& model, const Json& config, const std::string& where) {
  std::vector<Output> inputs;
  std::vector<std::string> input_names;
  collect(item(config, "input_layers", where), inputs, input_names, where + ": input_layers");
  for (const Output& input : inputs) model.inputs.push_back(input.layer);
  collect(item(config, "output_layers", where), model.outputs, model.output_names, where + ": output_layers");
  if (model.output_names.size() != model.outputs.size()) model.output_names.clear();
}

Node node_from(const Json& json, const std::string& where) {
  Node node;
  node.type = class_of(json);
  if (node.type.empty()) refuse_config(where, "a layer with its class_name", json);
  node.config = json.contains("config") ? json["config"] : Json::object();
  // Keras 1 had a Sequential whose config is the list of its layers.
  const Json* list = &node.config;
  if (node.config.is_object()) {
    node.name = text_in(json, "name");
    if (node.name.empty()) node.name = text_in(node.config, "name");
  }
  node.module = text_in(json, "module");
  const std::string place = where + ": " + (node.name.empty() ? node.type : '"' + shortened(node.name, 60) + '"');
  if (json.contains("inbound_nodes")) {
    if (!json["inbound_nodes"].is_array()) refuse_config(place, "a list of inbound_nodes", json["inbound_nodes"]);
    for (const Json& one : json["inbound_nodes"]) node.calls.push_back(call_from(one, place));
  }
  if (!is_model_class(node.type)) return node;
  node.is_model = true;
  if (node.config.is_object()) list = &item(node.config, "layers", place);
  node.layers = layers_from(*list, place);
  if (node.type == "Sequential")
    chain_up(node, node.config, place);
  else
    connect(node, node.config, place);
  node.config.erase("layers");
  return node;
}

}  // namespace

Json plain(const Json& value) {
  const std::string type = text_in(value, "class_name");
  if (type == "__numpy__" || type == "__tensor__") {
    const Json& config = value.contains("config") ? value["config"] : value;
    return config.is_object() && config.contains("value") ? config["value"] : Json();
  }
  if (type == "__tuple__" && value.contains("items")) return value["items"];
  if (value.is_object() && value.contains("type") && value["type"] == "ndarray" && value.contains("value"))
    return value["value"];
  return value;
}

std::string class_of(const Json& object) {
  const std::string name = text_in(object, "class_name");
  return name.substr(name.rfind('>') + 1);
}

bool Node::is_operation() const {
  if (module.find(".ops.") != std::string::npos) return true;
  if (!module.empty() || type == "TFOpLambda" || calls.size() != 1) return false;
  const auto is_number = [](const Argument& argument) {
    return !argument.is_output && argument.name.empty() &&
           (argument.constant.is_number() || argument.constant.is_array());
  };
  return std::ranges::any_of(calls.front().arguments, is_number) || type == "TrueDivide" || type == "Divide";
}

std::vector<Output> Call::outputs() const {
  std::vector<Output> all;
  for (const Argument& argument : arguments)
    if (argument.is_output) all.push_back(argument.output);
  return all;
}

Json Call::keyword(const std::string& name) const {
  const auto found = std::ranges::find(arguments, name, &Argument::name);
  return found == arguments.end() || found->is_output ? Json() : found->constant;
}

Node graph_of(const Json& config, const std::string& where) {
  Node model = node_from(config, where);
  if (!model.is_model)
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "a Sequential or Functional model",
                 .received = fmt::format("a model of class {}", model.type),
                 .hint = "What such a model computes is code, which the file does not have. Build it as a "
                         "keras.Model(inputs, outputs), or export it as ONNX."}};
  return model;
}

}  // namespace evenkeel::interchange::keras
