#include "evenkeel/interchange/onnx/converter.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/interchange/onnx/read_graph.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

std::string nodes_of(const Node& node) {
  std::string names;
  for (const std::string& origin : node.origins) names += (names.empty() ? "" : ", ") + printable(origin);
  return node.origins.empty() ? printable(node.title()) : names;
}

Shape sample_shape(const Sizes& sizes, const Node& node) {
  if (sizes.size() >= Shape::kMaxRank)
    unsupported(node, fmt::format("samples of {} axes: {}", sizes.size(), to_text(sizes)));
  return Shape(sizes);
}

bool is_training(const Graph& graph, const Node& node) {
  if (node.is("BatchNormalization"))
    return node.integer("training_mode", 0) != 0 || (graph.opset < 14 && node.outputs.size() > 1) ||
           node.call.find("batch_norm_legit_functional") != std::string::npos;
  if (node.is_own("Dropout") || node.is_own("StochasticDepth") || node.is_own("SpatialDropout")) return true;
  return node.is("Dropout") && graph.scalar(node.input(2)).value_or(0) != 0;
}

}  // namespace

Converter::Converter(Graph& graph, Record& record, std::string where, std::string name)
    : graph_(graph), record_(record), where_(std::move(where)), names_(graph) {
  training_form_ = std::ranges::any_of(graph.nodes(), [&](const Node& node) { return is_training(graph, node); });
  for (const Node& node : graph.nodes())
    for (const std::string& input : std::set<std::string>(node.inputs.begin(), node.inputs.end()))
      if (graph.constant(input)) ++uses_[input];
  try {
    add_inputs(std::move(name));
  } catch (const Error& error) {
    throw error.inside(where_);
  }
}

void Converter::add_inputs(std::string name) {
  std::vector<Model::Input> inputs;
  for (const Graph::Port& input : graph_.inputs) {
    const Node here{.op = "input", .name = input.name};
    const Sizes sample(input.shape.begin() + 1, input.shape.end());
    std::vector<int> order = in_order(sample.size());
    if (sample.size() > 1 && is_channels_first(graph_, input.name))
      std::rotate(order.begin(), order.begin() + 1, order.end());
    std::string own = graph_.inputs.size() == 1 ? "input" : Names::allowed(input.name);
    if (own == "labels" || own == "targets") own += "_input";
    own = names_.taken(own);
    const View view = view_of_layer(own, sample, order);
    inputs.push_back({own, sample_shape(view.ours, here)});
    record_.inputs.push_back(port_of(own, input.name, view));
    views_[input.name] = view;
  }
  model_ = Model::with_inputs(std::move(inputs), std::move(name));
}

Imported Converter::convert() {
  for (Node& node : graph_.nodes()) convert_node(node);
  if (!refused_.empty()) fail_unsupported();
  set_outputs();
  return {.file = {.model = std::move(*model_)}, .weights = std::move(weights_), .record = {}};
}

void Converter::convert_node(Node& node) {
  const Operator operation = find_operator(node);
  if (!operation) {
    refused_.push_back({&node, {}});
    return;
  }
  // What comes after a node that was refused is only looked at for what it is.
  for (const std::string& input : node.inputs)
    if (!input.empty() && !graph_.constant(input) && !views_.contains(input)) return;
  try {
    for (const std::string& input : node.inputs) {
      const Constant* constant = graph_.constant_entry(input);
      if (constant && constant->of_the_batch && !node.is("Reshape") && !node.is("Expand") && !node.is("Resize"))
        unsupported(node, "numbers that depend on the size of the batch");
    }
    operation(*this, node);
  } catch (const Error& error) {
    if (error.kind() != Error::unsupported) throw error.inside(where_);
    refused_.push_back(
        {&node, error.parts().expected.empty()
                    ? error.parts().received
                    : fmt::format("expected {}, received {}", error.parts().expected, error.parts().received)});
  }
  release(node);
}

/// Constants that no further node reads are gone, so that there is one copy of each.
void Converter::release(const Node& node) {
  for (const std::string& input : std::set<std::string>(node.inputs.begin(), node.inputs.end())) {
    const auto found = uses_.find(input);
    if (found == uses_.end() || --found->second > 0 || graph_.is_output(input)) continue;
    if (const Tensor* tensor = graph_.constant(input)) freed_.add(tensor->bytes());
    graph_.forget_constant(input);
  }
}

const View& Converter::view(const Node& node, std::size_t i) const {
  const auto found = views_.find(node.input(i));
  if (found == views_.end())
    unsupported(node, graph_.constant(node.input(i))
                          ? "a constant as its " + std::string(i == 0 ? "first" : "other") + " input"
                          : "an input that is not there");
  return found->second;
}

void Converter::set(const std::string& value, View view) {
  if (!value.empty()) views_[value] = std::move(view);
}

View Converter::in_shape(const Node& node, const View& view, const Sizes& ours) {
  View result = view;
  result.pending = nullptr;
  if (view.ours == ours) return result;
  const std::string key = fmt::format("{}\n{}", view.layer, to_text(ours));
  const auto known = ordered_.find(key);
  if (known != ordered_.end()) {
    result.layer = known->second.layer;
  } else {
    const bool flat = ours.size() == 1;
    const Layer layer = flat ? Layer(Flatten{}) : Layer(Reshape{.target_shape = ours});
    sample_shape(ours, node);
    result.layer = view.pending ? add(*view.pending, layer, {view.layer})
                                : help(node, layer, view.layer, flat ? "flatten" : "reshape");
  }
  result.ours = ours;
  ordered_[key] = result;
  return result;
}

View Converter::ordered(const Node& node, const View& view, const std::vector<int>& order, const Sizes& ours) {
  Sizes wanted = ours;
  if (wanted.empty())
    for (const int axis : order) wanted.push_back(view.foreign[static_cast<std::size_t>(axis)]);
  if (wanted.empty()) wanted = {1};
  if (lies_in_order(view, order)) return in_shape(node, view, wanted);
  const std::vector<int> moved = seen_order(view, order);
  std::string key = view.layer;
  for (const int axis : moved) key += fmt::format(",{}", view.seen[static_cast<std::size_t>(axis)]);
  for (const int axis : moved) key += fmt::format(";{}", axis);
  View result = view;
  const auto known = ordered_.find(key);
  if (known != ordered_.end()) {
    result.layer = known->second.layer;
    result.ours = known->second.ours;
  } else {
    const Permutation permutation = permutation_to(view, moved);
    View before = view;
    before.pending = nullptr;
    before = in_shape(node, before, permutation.shape);
    std::vector<std::int64_t> dims;
    result.ours.clear();
    for (const int axis : permutation.dims) {
      dims.push_back(axis + 1);
      result.ours.push_back(permutation.shape[static_cast<std::size_t>(axis)]);
    }
    const Permute permute{.dims = dims};
    result.layer =
        view.pending ? add(*view.pending, permute, {before.layer}) : help(node, permute, before.layer, "permute");
  }
  result.axes = moved;
  result.pending = nullptr;
  ordered_[key] = result;
  return in_shape(node, result, wanted);
}

View Converter::channels_last(const Node& node, const View& view) {
  if (view.foreign.size() < 2) return ordered(node, view, in_order(view.foreign.size()));
  std::vector<int> order = in_order(view.foreign.size());
  std::rotate(order.begin(), order.begin() + 1, order.end());
  return ordered(node, view, order);
}

std::string Converter::add(const Node& node, Layer layer, const std::vector<std::string>& inputs,
                           std::vector<Weight> weights) {
  std::vector<std::string> initializers;
  for (const Weight& weight : weights) {
    // Equal tensors are stored once by some exporters; the value still has its own name.
    if (Names::module_of(weight.constant) != "") initializers.push_back(weight.constant);
  }
  for (const Weight& weight : weights)
    if (const Constant* constant = graph_.constant_entry(weight.constant))
      initializers.push_back(constant->initializer);
  const std::string name = names_.taken(names_.name_of(node, initializers));
  LayerRecord entry{.name = name, .foreign = nodes_of(node), .type = node.op, .tensors = {}};
  append(std::move(layer), name, inputs, std::move(weights), &entry);
  record_.layers.push_back(std::move(entry));
  return name;
}

std::string Converter::help(const Node& node, Layer layer, const std::string& input, const std::string& suffix,
                            std::vector<Weight> weights) {
  const std::string name = names_.taken(names_.name_of(node, {}) + '.' + suffix);
  return append(std::move(layer), name, {input}, std::move(weights), nullptr);
}

std::string Converter::append(Layer layer, const std::string& name, const std::vector<std::string>& inputs,
                              std::vector<Weight> weights, LayerRecord* entry) {
  model_->append(layer.named(name), inputs);
  for (Weight& weight : weights) {
    const std::string tensor = name + '/' + weight.tensor;
    TensorRecord record{.name = tensor, .foreign = {}, .foreign_shape = weight.ours, .seen_as = {}, .axes = {}};
    weights_.add(tensor, weight.constant.empty() ? std::move(weight.computed) : laid_out(weight, tensor, record));
    if (entry) entry->tensors.push_back(std::move(record));
  }
  return name;
}

/// The constant as our tensor, and in the record how its initializer lies to it, if that can be said.
Tensor Converter::laid_out(const Weight& weight, const std::string& tensor, TensorRecord& record) {
  const Constant& constant = *graph_.constant_entry(weight.constant);
  TensorRecord here{.name = tensor,
                    .foreign = weight.constant,
                    .foreign_shape = constant.value.shape(),
                    .seen_as = weight.seen.empty() ? Shape() : Shape(weight.seen),
                    .axes = weight.axes};
  if (here.seen_as == here.foreign_shape) here.seen_as = {};
  if (here.axes == in_order(here.axes.size())) here.axes.clear();
  if (!constant.initializer.empty()) {
    const auto [first, is_first] = used_.emplace(constant.initializer, tensor);
    if (!is_first)
      record_.warnings.push_back(fmt::format(
          "\"{}\" is a weight of both \"{}\" and \"{}\": each has a copy, and training would change them apart.",
          printable(constant.initializer), first->second, tensor));
    record = here;
    record.foreign = constant.initializer;
    record.foreign_shape = constant.foreign_shape;
    if (constant.axes.empty()) {
      if (here.seen_as.rank() == 0 && !here.axes.empty() && constant.foreign_shape != constant.value.shape())
        record.seen_as = constant.value.shape();
    } else if (here.axes.empty()) {
      record.seen_as = constant.seen;
      record.axes = constant.axes;
    } else if (here.seen_as.rank() == 0 && constant.value.shape().rank() == static_cast<int>(constant.axes.size())) {
      record.seen_as = constant.seen;
      for (std::size_t i = 0; i < here.axes.size(); ++i)
        record.axes[i] = constant.axes[static_cast<std::size_t>(here.axes[i])];
    } else {
      record.foreign.clear();  // permuted twice in different shapes: the way back is not written down
    }
  }
  const Tensor as_float =
      constant.value.dtype() == DType::float32 ? Tensor() : converted(constant.value, DType::float32);
  const TensorView values = constant.value.dtype() == DType::float32 ? constant.value.view() : as_float.view();
  if (here.axes.empty()) return Tensor::copy_of(values.reshaped(weight.ours));
  return to_ours(values, here, weight.ours);
}

Tensor Converter::numbers(const Node& node, const std::string& constant) const {
  const Tensor* tensor = graph_.constant(constant);
  if (!tensor) unsupported(node, "an input that is not constant where only constants are supported");
  return converted(*tensor, DType::float32);
}

PortRecord Converter::port_of(const std::string& name, const std::string& foreign, const View& view) const {
  const Node here{.op = "output", .name = foreign};
  PortRecord port{
      .name = name, .foreign = foreign, .foreign_shape = sample_shape(view.foreign, here), .axes = {}, .seen_as = {}};
  if (view.axes == in_order(view.axes.size())) return port;
  port.axes = view.axes;
  if (view.seen != view.foreign) port.seen_as = sample_shape(view.seen, here);
  return port;
}

void Converter::set_outputs() {
  std::vector<std::string> outputs;
  for (const std::string& output : graph_.outputs) {
    if (const auto state = states_.find(output); state != states_.end()) {
      record_.warnings.push_back(
          fmt::format("Output \"{}\" is a moving statistic of \"{}\", not an output of the model.", printable(output),
                      state->second));
      continue;
    }
    if (graph_.constant(output)) {
      record_.warnings.push_back(
          fmt::format("Output \"{}\" is a constant, and not an output of the model.", printable(output)));
      continue;
    }
    const auto found = views_.find(output);
    if (found == views_.end())
      throw Error{{.kind = Error::unsupported,
                   .where = fmt::format("{}: output \"{}\"", where_, printable(output)),
                   .received = "a value that layers do not yield, such as the mask of a Dropout"}};
    View view = found->second;
    const bool is_layer = model_->find(view.layer) >= 0;
    if (!is_layer || std::ranges::find(outputs, view.layer) != outputs.end())
      view.layer = append(Activation{}, names_.taken(Names::allowed(output)), {view.layer}, {}, nullptr);
    outputs.push_back(view.layer);
    record_.outputs.push_back(port_of(view.layer, output, view));
  }
  if (outputs.empty())
    throw Error{{.where = where_, .expected = "an output that depends on the inputs", .received = "none"}};
  if (outputs.size() > 1 || outputs[0] != model_->name_of(model_->layers() - 1)) model_->set_outputs(outputs);
}

void Converter::fail_unsupported() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> kinds;
  for (const Refused& one : refused_) {
    const std::string domain = one.node->domain.empty() ? "" : one.node->domain + '.';
    const std::string kind =
        printable(shortened(domain + one.node->op, 100)) + (one.reason.empty() ? "" : " with " + one.reason);
    auto found = std::ranges::find(kinds, kind, [](const auto& pair) { return pair.first; });
    if (found == kinds.end()) found = kinds.insert(kinds.end(), {kind, {}});
    found->second.push_back(printable(shortened(one.node->title(), 100)));
  }
  std::string list;
  for (const auto& [kind, nodes] : kinds) {
    list += fmt::format("{}{} x {} (", list.empty() ? "" : "; ", nodes.size(), kind);
    for (std::size_t i = 0; i < std::min<std::size_t>(nodes.size(), 3); ++i) list += (i > 0 ? ", " : "") + nodes[i];
    list += nodes.size() > 3 ? ", ...)" : ")";
  }
  throw Error{
      {.kind = Error::unsupported, .where = where_, .expected = "operators that become layers", .received = list}};
}

}  // namespace evenkeel::interchange::onnx
