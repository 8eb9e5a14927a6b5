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

}  // namespace

Model::Model(Shape input_shape, std::string name) : name_(std::move(name)), input_shape_(input_shape) {
  check_name("model", name_);
  const auto sizes = input_shape.sizes();
  if (sizes.empty() || sizes.size() >= Shape::kMaxRank || std::ranges::any_of(sizes, [](auto n) { return n < 1; }))
    throw Error{{.where = "model \"" + name_ + '"',
                 .expected = "the shape of one sample, such as [28, 28, 1], each size at least 1",
                 .received = to_string(input_shape)}};
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
  if (name.find_first_of("/\"") != std::string::npos || (name == "input" && !is_input))
    throw Error{{.where = "layer \"" + name + '"',
                 .expected = "a name without slashes and quotes other than \"input\"",
                 .received = '"' + name + '"'}};
  if (is_input && !inputs.empty())
    throw Error{{.where = "layer \"" + name + '"', .expected = "no inputs for an Input", .received = "some"}};
  Node node{.layer = std::move(layer), .inputs = {}};
  for (const std::string& input : inputs) node.inputs.push_back(index_of_input(input));
  if (inputs.empty()) node.inputs.push_back(is_input ? -1 : layers() - 1);
  index_.emplace(name, layers());
  nodes_.push_back(std::move(node));
  return name;
}

int Model::index_of_input(const std::string& name) const {
  const int found = find(name);
  if (found >= 0) return found;
  if (name == "input") return -1;
  std::vector<std::string> known = {"input"};
  for (const Node& node : nodes_) known.push_back(node.layer.name());
  const std::string near = nearest(name, known);
  throw Error{{.where = "inputs",
               .expected = "layers that come before it",
               .received = '"' + name + '"',
               .hint = near.empty() ? "Known: " + join(known) + "." : "Did you mean \"" + near + "\"?"}};
}

std::string Model::default_name(std::string_view type) const {
  const auto found = unnamed_.find(std::string(type));
  const int count = found == unnamed_.end() ? 0 : found->second;
  const std::string base = type == Input::kType ? "input_layer" : snake_case(type);
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
