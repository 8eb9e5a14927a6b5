#include "evenkeel/diagnose/repairs/draft.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"

namespace evenkeel {

Draft::Draft(Network& network)
    : name_(network.model().name()),
      inputs_(network.model().inputs()),
      nodes_(network.model().nodes()),
      outputs_(network.model().outputs()) {
  take_tensors(network);
}

Draft::Draft(const Model& model, const NamedTensors& tensors)
    : name_(model.name()), inputs_(model.inputs()), nodes_(model.nodes()), outputs_(model.outputs()) {
  for (const auto& [name, values] : tensors) tensors_.emplace(name, converted(values, DType::float64));
}

void Draft::take_tensors(Network& network) {
  const AveragedWeights averaged(network);
  tensors_.clear();
  for (const WeightInfo& weight : network.weights())
    tensors_.emplace(weight.name, converted(network.weight(weight.name), DType::float64));
}

Model Draft::model() const {
  Model model = Model::with_inputs(inputs_, name_);
  for (const Model::Node& node : nodes_) {
    std::vector<std::string> inputs;
    const bool is_input = node.layer.traits().is_input;
    for (const int i : node.inputs)
      if (!is_input) inputs.push_back(i < 0 ? model.name_of(i) : name(i));
    model.append(node.layer, inputs);
  }
  std::vector<std::string> outputs;
  for (const int i : outputs_) outputs.push_back(name(i));
  model.set_outputs(outputs);
  return model;
}

std::unique_ptr<Network> Draft::network(const NetworkOptions& options) const {
  auto made = std::make_unique<Network>(model(), options);
  write_tensors(*made);
  return made;
}

void Draft::write_tensors(Network& network) const {
  for (const WeightInfo& weight : network.weights()) {
    const auto found = tensors_.find(weight.name);
    if (found == tensors_.end())
      throw Error{{.where = "tensor \"" + weight.name + '"', .expected = to_string(weight.shape), .received = "none"}};
    network.set_weight(weight.name, converted(found->second, network.options().compute.real));
  }
}

std::vector<int> Draft::readers(int index) const {
  std::vector<int> found;
  for (int i = 0; i < layers(); ++i)
    if (std::ranges::count(inputs(i), index) > 0) found.push_back(i);
  return found;
}

int Draft::only_reader(int index) const {
  const std::vector<int> found = readers(index);
  return found.size() == 1 && !is_output(index) ? found.front() : -1;
}

bool Draft::is_output(int index) const { return std::ranges::count(outputs_, index) > 0; }

std::vector<Shape> Draft::output_shapes() const { return compile(model(), {.batch_size = 1}).layer_outputs; }

Normalization Draft::normalization(const std::string& name) const {
  const std::vector<Normalization> all = normalizations();
  const auto found = std::ranges::find(all, name, &Normalization::name);
  if (found == all.end())
    throw Error{{.where = "layer \"" + name + '"', .expected = "a normalization", .received = "none"}};
  return *found;
}

NamedTensors Draft::changed_from(const Draft& other) const {
  NamedTensors changed;
  for (const auto& [name, values] : tensors_)
    if (const auto known = other.tensors_.find(name);
        known == other.tensors_.end() || !std::ranges::equal(values.as<double>(), known->second.as<double>()))
      changed.emplace_back(name, values.clone());
  return changed;
}

std::vector<std::string> Draft::tensors_of(int layer) const {
  std::vector<std::string> names;
  const std::string prefix = name(layer) + '/';
  for (auto at = tensors_.lower_bound(prefix); at != tensors_.end() && at->first.starts_with(prefix); ++at)
    names.push_back(at->first);
  return names;
}

void Draft::erase_tensors(int layer) {
  for (const std::string& tensor : tensors_of(layer)) tensors_.erase(tensor);
}

void Draft::replace(int index, const Layer& layer) { node(index).layer = layer.named(name(index)); }

void Draft::remove(int index) {
  const int input = inputs(index).front();
  if (is_output(index) && (input < 0 || is_output(input)))
    throw Error{{.where = "layer \"" + name(index) + '"',
                 .expected = "another layer that can be the model's output in its place",
                 .received = input < 0 ? "the model's input" : "an output of the model already"}};
  erase_tensors(index);
  nodes_.erase(nodes_.begin() + index);
  const auto renumber = [&](std::vector<int>& indices) {
    for (int& i : indices) i = i == index ? input : i > index ? i - 1 : i;
  };
  for (Model::Node& other : nodes_) renumber(other.inputs);
  renumber(outputs_);
}

void Draft::insert_before(int reader, const Layer& layer) {
  const std::string base = snake_case(layer.type());
  std::string free = base;
  const auto taken = [&](const Model::Node& other) { return other.layer.name() == free; };
  for (int n = 1; std::ranges::any_of(nodes_, taken); ++n) free = base + '_' + std::to_string(n);
  nodes_.insert(nodes_.begin() + reader, {.layer = layer.named(free), .inputs = {inputs(reader).front()}});
  const auto renumber = [&](std::vector<int>& indices) {
    for (int& i : indices)
      if (i >= reader) ++i;
  };
  for (int k = reader + 1; k < layers(); ++k) renumber(node(k).inputs);
  renumber(outputs_);
  node(reader + 1).inputs.front() = reader;
}

std::vector<std::string> Draft::not_finite() const {
  std::vector<std::string> found;
  for (const auto& [tensor, values] : tensors_)
    if (!std::ranges::all_of(values.as<double>(), [](double v) { return std::isfinite(v); })) found.push_back(tensor);
  return found;
}

}  // namespace evenkeel
