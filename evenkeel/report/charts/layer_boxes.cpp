#include "evenkeel/report/charts/layer_boxes.h"

#include <algorithm>
#include <map>

#include "evenkeel/base/text.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/report/page/fold.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

using Settings = std::vector<std::pair<std::string, FieldValue>>;

struct LayerNode {
  LayerSummary summary;
  Settings changed = {}, all = {};
  std::vector<std::size_t> reads = {};
  std::size_t readers = 0;
};

std::string shape_text(const Shape& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape.sizes()) sizes.push_back(std::to_string(size));
  return sizes.empty() ? "1" : join(sizes, "×");
}

/// All layers after the model's inputs; `reads` are indices in the list.
std::vector<LayerNode> nodes_of(const Model& model) {
  ModelSummary summary = summarize(model);
  std::vector<LayerNode> nodes;
  if (summary.layers.empty() || !summary.layers.front().is_input)
    nodes.push_back({.summary = {.name = model.name_of(-1),
                                 .type = std::string(kInputType),
                                 .output_shape = model.input_shape(),
                                 .is_input = true}});
  std::map<std::string, std::size_t> places;
  for (LayerSummary& layer : summary.layers) nodes.push_back({.summary = std::move(layer)});
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    LayerNode& node = nodes[i];
    for (const std::string& name : node.summary.connected_to) {
      // Of a model with one input, the first box stands for it, whatever its name.
      const auto found = places.find(name);
      node.reads.push_back(found == places.end() ? 0 : found->second);
      ++nodes[node.reads.back()].readers;
    }
    places[node.summary.name] = i;
    if (const int index = model.find(node.summary.name); index >= 0) {
      const Layer& layer = model.nodes()[static_cast<std::size_t>(index)].layer;
      node.changed = layer.settings(true);
      node.all = layer.settings(false);
    }
  }
  return nodes;
}

/// "4, 8, 12, ... 76", or one value if all are equal.
std::string values_text(const std::vector<std::string>& values) {
  constexpr std::size_t kShown = 7;
  if (std::ranges::count(values, values[0]) == std::ssize(values)) return values[0];
  if (values.size() <= kShown) return join(values);
  return join(std::span(values).first(kShown - 1)) + ", … " + values.back();
}

std::string value_text(const FieldValue& value) {
  if (const double* number = std::get_if<double>(&value)) return readable(*number);
  std::string text = to_string(value);
  std::erase(text, '"');
  return text;
}

const FieldValue* find(const Settings& settings, const std::string& name) {
  const auto found = std::ranges::find(settings, name, &Settings::value_type::first);
  return found == settings.end() ? nullptr : &found->second;
}

/// The settings of these layers of one type, a text for each field that any of them sets.
std::vector<std::string> settings_texts(const std::vector<const LayerNode*>& layers) {
  std::vector<std::string> texts;
  for (const auto& entry : layers[0]->all) {
    const std::string& name = entry.first;
    const bool changed =
        std::ranges::any_of(layers, [&](const LayerNode* layer) { return find(layer->changed, name) != nullptr; });
    if (!changed) continue;
    std::vector<std::string> values;
    for (const LayerNode* layer : layers) values.push_back(value_text(*find(layer->all, name)));
    texts.push_back(name + ' ' + values_text(values));
  }
  return texts;
}

/// The box of a fold: layers of one stack, from `begin` on in `chain`.
LayerBox box_of(const std::vector<LayerNode>& nodes, const std::vector<std::size_t>& chain, const Fold& fold) {
  LayerBox box{.lines = {}, .times = fold.times};
  for (std::size_t i = 0; i < fold.length; ++i) {
    std::vector<const LayerNode*> layers;
    LayerLine line;
    for (std::size_t n = 0; n < fold.times; ++n) {
      layers.push_back(&nodes[chain[fold.begin + n * fold.length + i]]);
      line.parameters += layers.back()->summary.parameters;
      if (fold.times > 1 && i + 1 == fold.length)
        box.outputs.push_back(shape_text(layers.back()->summary.output_shape));
    }
    line.type = layers[0]->summary.type;
    line.name = layers[0]->summary.name;
    if (fold.times > 1)
      line.name += " … " + layers.back()->summary.name;
    else
      line.shape = shape_text(layers[0]->summary.output_shape);
    line.settings = settings_texts(layers);
    box.lines.push_back(std::move(line));
  }
  return box;
}

}  // namespace

std::vector<LayerStack> stacks_of(const Model& model) {
  const std::vector<LayerNode> nodes = nodes_of(model);
  std::vector<std::vector<std::size_t>> chains;
  std::vector<std::size_t> stack_of(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto& reads = nodes[i].reads;
    const bool goes_on = reads.size() == 1 && nodes[reads[0]].readers == 1;
    stack_of[i] = goes_on ? stack_of[reads[0]] : chains.size();
    if (!goes_on) chains.emplace_back();
    chains[stack_of[i]].push_back(i);
  }
  std::vector<LayerStack> stacks;
  for (const auto& chain : chains) {
    LayerStack stack;
    for (const std::size_t read : nodes[chain[0]].reads) stack.reads.push_back(stack_of[read]);
    std::vector<std::string> types;
    for (const std::size_t i : chain) types.push_back(nodes[i].summary.type);
    for (const Fold& found : fold(types)) stack.boxes.push_back(box_of(nodes, chain, found));
    stacks.push_back(std::move(stack));
  }
  return stacks;
}

}  // namespace evenkeel
