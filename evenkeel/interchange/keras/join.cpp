#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "evenkeel/interchange/keras/express.h"

namespace evenkeel::interchange::keras {
namespace {

using Readers = std::map<std::string, std::vector<Node*>>;

Readers readers_in(Node& model) {
  Readers readers;
  for (Node& node : model.layers)
    for (const Call& call : node.calls)
      for (const Output& output : call.outputs()) readers[output.layer].push_back(&node);
  // Whoever reads an output of the model.
  for (const Output& output : model.outputs) readers[output.layer].push_back(&model);
  return readers;
}

bool is_called_once(const Node& node) { return node.calls.size() == 1 && node.calls.front().outputs().size() == 1; }

/// A convolution reads the ZeroPadding2D of its name: the numbers become its padding.
bool join_padding(Node& pad, const Readers& readers) {
  const auto found = readers.find(pad.name);
  if (pad.type != "ZeroPadding2D" || !is_called_once(pad) || found == readers.end() || found->second.size() != 1)
    return false;
  Node& layer = *found->second.front();
  if (pad.name != layer.name + kPaddingEnding || !is_called_once(layer) || !layer.config.is_object()) return false;
  if (layer.config.value("padding", Json()) != "valid" || !pad.config.is_object() || !pad.config.contains("padding"))
    return false;
  static const std::set<std::string> kPadsWithZeros = {"Conv2D", "DepthwiseConv2D", "SeparableConv2D",
                                                       "AveragePooling2D"};
  if (!kPadsWithZeros.contains(layer.type)) return false;
  if (layer.type == "AveragePooling2D") layer.config["count_include_pad"] = true;
  layer.config["padding"] = pad.config["padding"];
  for (Argument& argument : layer.calls.front().arguments)
    if (argument.is_output) argument.output = pad.calls.front().outputs().front();
  return true;
}

/// An activation after the one layer of its name, which nothing else reads: it becomes the layer's own.
bool join_activation(Node& activation, Node& model, const Readers& readers) {
  if (!activation.name.ends_with(kActivationEnding) || !is_called_once(activation)) return false;
  const std::string name = activation.name.substr(0, activation.name.size() - std::string(kActivationEnding).size());
  const auto layer = std::ranges::find(model.layers, name, &Node::name);
  const auto found = readers.find(name);
  if (layer == model.layers.end() || activation.calls.front().outputs().front().layer != name ||
      found == readers.end() || found->second.size() != 1 || !layer->config.is_object() ||
      layer->config.value("activation", Json()) != "linear" ||
      std::ranges::count(model.outputs, name, &Output::layer) > 0)
    return false;
  layer->config["activation"] = Json{{"class_name", activation.type}, {"config", activation.config}};
  const auto redirect = [&](Output& output) {
    if (output.layer == activation.name) output.layer = name;
  };
  for (Node& node : model.layers)
    for (Call& call : node.calls)
      for (Argument& argument : call.arguments) redirect(argument.output);
  for (Output& output : model.outputs) redirect(output);
  return true;
}

/// The constant of an operation with one output and one number; NaN for another.
double constant_of(const Node& node) {
  if (node.calls.size() != 1 || node.calls.front().arguments.size() != 2 || !is_called_once(node)) return NAN;
  for (const Argument& argument : node.calls.front().arguments)
    if (!argument.is_output && argument.constant.is_number()) return argument.constant.get<double>();
  return NAN;
}

bool is_function(const Node& node, const char* type, const char* tensorflow) {
  if (node.type == type) return node.is_operation();
  return node.type == "TFOpLambda" && node.config.is_object() && node.config.value("function", "") == tensorflow;
}

bool is_relu6(const Node& node) {
  return node.type == "ReLU" && node.config.is_object() && plain(node.config.value("max_value", Json())) == 6.0 &&
         plain(node.config.value("negative_slope", Json(0.0))) == 0.0 && is_called_once(node);
}

/// relu6(x + 3) / 6, as Keras's MobileNetV3 writes it, becomes one operation. Returns the names of the other two.
std::vector<std::string> recognise_hard_sigmoid(Node& product, std::map<std::string, Node*>& nodes,
                                                const Readers& readers) {
  const bool is_product =
      is_function(product, "Multiply", "math.multiply") && std::abs(constant_of(product) - 1.0 / 6) < 1e-7;
  if (!is_product) return {};
  const auto only_read = [&](const Node& reader) -> Node* {
    const std::string name = reader.calls.front().outputs().front().layer;
    const auto found = readers.find(name);
    const auto node = nodes.find(name);
    return found != readers.end() && found->second.size() == 1 && node != nodes.end() ? node->second : nullptr;
  };
  const Node* const relu = only_read(product);
  if (!relu || !is_relu6(*relu)) return {};
  const Node* const sum = only_read(*relu);
  const bool is_sum = sum && (is_function(*sum, "Add", "math.add") || is_function(*sum, "Add", "__operators__.add"));
  if (!is_sum || constant_of(*sum) != 3) return {};
  const std::vector<std::string> joined = {relu->name, sum->name};
  Call call{{Argument{.is_output = true, .output = sum->calls.front().outputs().front()}}};
  product.type = "HardSigmoid";
  product.module = "keras.src.ops.nn";
  product.config = Json::object();
  product.calls = {std::move(call)};
  return joined;
}

}  // namespace

void join_patterns(Node& model) {
  std::map<std::string, Node*> nodes;
  for (Node& node : model.layers) {
    nodes[node.name] = &node;
    if (node.is_model) join_patterns(node);
  }
  std::set<std::string> joined;
  const Readers readers = readers_in(model);
  for (Node& node : model.layers)
    for (std::string& name : recognise_hard_sigmoid(node, nodes, readers)) joined.insert(std::move(name));
  std::erase_if(model.layers, [&](const Node& node) { return joined.contains(node.name); });
}

void join_split_layers(Node& model) {
  const bool some = std::ranges::any_of(model.layers, [](const Node& node) {
    return node.name.ends_with(kPaddingEnding) || node.name.ends_with(kActivationEnding);
  });
  if (!some) return;
  std::set<std::string> joined;
  for (Node& node : model.layers) {
    if (!node.name.ends_with(kPaddingEnding) && !node.name.ends_with(kActivationEnding)) continue;
    const Readers readers = readers_in(model);
    if (join_padding(node, readers) || join_activation(node, model, readers)) joined.insert(node.name);
  }
  std::erase_if(model.layers, [&](const Node& node) { return joined.contains(node.name); });
}

}  // namespace evenkeel::interchange::keras
