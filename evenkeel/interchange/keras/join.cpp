#include <algorithm>
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

}  // namespace

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
