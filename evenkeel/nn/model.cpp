#include "evenkeel/nn/model.h"

#include <algorithm>
#include <cctype>

#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// What terminals, pages and files can hold as it is, and short enough to be shown.
void check_name(const std::string& what, const std::string& name) {
  if (name.size() > limits::kNameBytes)
    throw Error{{.where = what + " \"" + shortened(name, 40) + '"',
                 .expected = "a name of at most " + with_commas(limits::kNameBytes) + " bytes",
                 .received = with_commas(std::ssize(name))}};
  if (printable(name) != name)
    throw Error{{.where = what + " \"" + name + '"',
                 .expected = "a name of characters that can be seen",
                 .received = "control characters, or bytes that are not UTF-8"}};
}

void check_shape(const std::string& where, const Shape& sample) {
  const auto sizes = sample.sizes();
  if (sizes.empty() || sizes.size() >= Shape::kMaxRank || std::ranges::any_of(sizes, [](auto n) { return n < 1; }))
    throw Error{{.where = where,
                 .expected = "the shape of one sample, such as [28, 28, 1], each size at least 1",
                 .received = to_string(sample)}};
}

/// `of`: inputs, or layers that are outputs.
void check_count(const std::string& where, const std::string& of, std::size_t count) {
  if (count == 0 || count > limits::kInputs)
    throw Error{{.where = where,
                 .expected = "1 to " + with_commas(limits::kInputs) + ' ' + of + 's',
                 .received = with_commas(static_cast<std::int64_t>(count))}};
}

}  // namespace

Model::Model(Shape input_shape, std::string name) : name_(std::move(name)), inputs_({{"input", input_shape}}) {
  check_name("model", name_);
  check_shape("model \"" + name_ + '"', input_shape);
}

Model Model::with_inputs(std::vector<Input> inputs, std::string name) {
  check_count("model \"" + name + '"', "input", inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto& [own, shape] = inputs[i];
    const std::string where = "input \"" + own + '"';
    check_name("input", own);
    if (own.empty() || own.find_first_of("/\"") != std::string::npos || own == "labels" || own == "targets")
      throw Error{{.where = where,
                   .expected = "a name without slashes and quotes other than \"labels\" and \"targets\"",
                   .received = '"' + own + '"'}};
    if (std::ranges::count(inputs, own, &Input::name) > 1)
      throw Error{{.where = where, .expected = "a name of its own", .received = "one that is taken"}};
    check_shape(where, shape);
  }
  Model model(inputs.front().shape, std::move(name));
  model.inputs_ = std::move(inputs);
  return model;
}

std::vector<int> Model::outputs() const {
  if (!outputs_.empty() || nodes_.empty()) return outputs_;
  return {layers() - 1};
}

bool Model::is_output(int layer) const {
  return outputs_.empty() ? layer == layers() - 1 : std::ranges::count(outputs_, layer) > 0;
}

const std::string& Model::name_of(int index) const {
  return index < 0 ? input_at(index).name : nodes_[static_cast<std::size_t>(index)].layer.name();
}

void Model::set_outputs(const std::vector<std::string>& layers) {
  check_count("outputs", "layer", layers.size());
  std::vector<int> outputs;
  for (const std::string& name : layers) {
    outputs.push_back(index_of(name, "outputs", false));
    if (std::ranges::count(outputs, outputs.back()) > 1)
      throw Error{{.where = "outputs", .expected = "each layer once", .received = '"' + name + "\" twice"}};
  }
  outputs_ = std::move(outputs);
}

Model Model::with_layers(const std::function<Layer(const Layer&)>& changed) const {
  Model result = *this;
  for (Node& node : result.nodes_) node.layer = changed(node.layer).named(node.layer.name());
  return result;
}

int Model::find(const std::string& layer) const {
  const auto found = index_.find(layer);
  return found == index_.end() ? -1 : found->second;
}

std::string Model::append(Layer layer, const std::vector<std::string>& inputs) {
  if (layer.name().empty()) {
    layer = layer.named(default_name(layer.type()));
    ++unnamed_[std::string(layer.type())];
  }
  const std::string name = layer.name();
  check_name("layer", name);
  if (nodes_.size() == limits::kLayers)
    throw Error{{.where = "layer \"" + name + '"',
                 .expected = "at most " + with_commas(limits::kLayers) + " layers in a model",
                 .received = "one more"}};
  const bool is_input = layer.traits().is_input;
  if (find(name) >= 0)
    throw Error{{.where = "layer \"" + name + '"', .expected = "a name of its own", .received = "one that is taken"}};
  const bool has_name_of_input = std::ranges::count(inputs_, name, &Input::name) > 0;
  if (name.find_first_of("/\"") != std::string::npos || (has_name_of_input && !is_input))
    throw Error{{.where = "layer \"" + name + '"',
                 .expected = "a name without slashes and quotes, and not that of an input of the model",
                 .received = '"' + name + '"'}};
  if (is_input && !inputs.empty())
    throw Error{{.where = "layer \"" + name + '"', .expected = "no inputs for an Input", .received = "some"}};
  if (is_input && inputs_.size() > 1)
    throw Error{{.where = "layer \"" + name + '"',
                 .expected = "no Input layer in a model with several inputs",
                 .received = "one",
                 .hint = "Other layers read the inputs by their names."}};
  Node node{.layer = std::move(layer), .inputs = {}};
  for (const std::string& input : inputs) node.inputs.push_back(index_of(input, "inputs", true));
  if (inputs.empty()) node.inputs.push_back(is_input ? -1 : layers() - 1);
  index_.emplace(name, layers());
  nodes_.push_back(std::move(node));
  return name;
}

int Model::index_of(const std::string& name, const char* where, bool or_input) const {
  const int found = find(name);
  if (found >= 0) return found;
  std::vector<std::string> known;
  for (const Input& input : inputs_)
    if (or_input) known.push_back(input.name);
  if (const auto input = std::ranges::find(known, name); input != known.end())
    return static_cast<int>(-1 - (input - known.begin()));
  for (const Node& node : nodes_) known.push_back(node.layer.name());
  const std::string near = nearest(name, known);
  throw Error{{.where = where,
               .expected = or_input ? "layers that come before it" : "layers of the model",
               .received = '"' + name + '"',
               .hint = near.empty() ? "Known: " + join(known) + "." : "Did you mean \"" + near + "\"?"}};
}

std::string Model::default_name(std::string_view type) const {
  const auto found = unnamed_.find(std::string(type));
  const int count = found == unnamed_.end() ? 0 : found->second;
  const std::string base = type == evenkeel::Input::kType ? "input_layer" : snake_case(type);
  return count == 0 ? base : base + '_' + std::to_string(count);
}

void Model::set_name(std::string name) {
  check_name("model", name);
  name_ = std::move(name);
}

std::string snake_case(std::string_view type) {
  std::string name;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const auto is = [&](std::size_t at, auto test) {
      return at < type.size() && test(static_cast<unsigned char>(type[at]));
    };
    const auto upper = [](unsigned char c) { return std::isupper(c) != 0; };
    const auto lower = [](unsigned char c) { return std::islower(c) != 0; };
    // A word begins at a capital after a small letter, or at a capital before a small letter.
    if (i > 0 && is(i, upper) &&
        (is(i - 1, lower) || (is(i + 1, lower) && !std::isdigit(static_cast<unsigned char>(type[i - 1])))))
      name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(type[i])));
  }
  return name;
}

}  // namespace evenkeel
