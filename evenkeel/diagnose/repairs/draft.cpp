#include "evenkeel/diagnose/repairs/draft.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"

namespace evenkeel {

Draft::Draft(Network& network)
    : name_(network.model().name()), input_shape_(network.model().input_shape()), nodes_(network.model().nodes()) {
  take_tensors(network);
}

void Draft::take_tensors(Network& network) {
  const AveragedWeights averaged(network);
  tensors_.clear();
  for (const WeightInfo& weight : network.weights())
    tensors_.emplace(weight.name, converted(network.weight(weight.name), DType::float64));
}

Model Draft::model() const {
  Model model(input_shape_, name_);
  for (const Model::Node& node : nodes_) {
    std::vector<std::string> inputs;
    const bool is_input = node.layer.traits().is_input;
    for (const int i : node.inputs)
      if (!is_input) inputs.push_back(i < 0 ? "input" : name(i));
    model.append(node.layer, inputs);
  }
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
  return found.size() == 1 ? found.front() : -1;
}

std::vector<Shape> Draft::output_shapes() const { return compile(model(), {.batch_size = 1}).layer_outputs; }

Normalization Draft::normalization(const std::string& name) const {
  const std::vector<Normalization> all = normalizations();
  const auto found = std::ranges::find(all, name, &Normalization::name);
  if (found == all.end())
    throw Error{{.where = "layer \"" + name + '"', .expected = "a normalization", .received = "none"}};
  return *found;
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
  if (index == layers() - 1 && input != index - 1)
    throw Error{{.where = "layer \"" + name(index) + '"',
                 .expected = "the layer that it reads right before it, as the model's output is its last layer",
                 .received = "others between them"}};
  erase_tensors(index);
  nodes_.erase(nodes_.begin() + index);
  for (Model::Node& other : nodes_)
    for (int& i : other.inputs) {
      if (i == index)
        i = input;
      else if (i > index)
        --i;
    }
}

void Draft::insert_before(int reader, const Layer& layer) {
  const std::string base = snake_case(layer.type());
  std::string free = base;
  const auto taken = [&](const Model::Node& other) { return other.layer.name() == free; };
  for (int n = 1; std::ranges::any_of(nodes_, taken); ++n) free = base + '_' + std::to_string(n);
  nodes_.insert(nodes_.begin() + reader, {.layer = layer.named(free), .inputs = {inputs(reader).front()}});
  for (int k = reader + 1; k < layers(); ++k)
    for (int& i : node(k).inputs)
      if (i >= reader) ++i;
  node(reader + 1).inputs.front() = reader;
}

std::vector<std::string> Draft::not_finite() const {
  std::vector<std::string> found;
  for (const auto& [tensor, values] : tensors_)
    if (!std::ranges::all_of(values.as<double>(), [](double v) { return std::isfinite(v); })) found.push_back(tensor);
  return found;
}

}  // namespace evenkeel
