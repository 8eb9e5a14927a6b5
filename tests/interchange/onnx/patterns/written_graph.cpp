#include "tests/interchange/onnx/patterns/written_graph.h"

#include <fmt/format.h>

#include <sstream>

#include "evenkeel/interchange/onnx/patterns/calculation.h"

namespace evenkeel::interchange::onnx {
namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \n"), end = text.find_last_not_of(" \n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

/// The parts between commas, except those inside brackets.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  for (const char c : text) {
    depth += (c == '[') - (c == ']');
    if (c == ',' && depth == 0) {
      parts.push_back(trimmed(part));
      part.clear();
    } else {
      part += c;
    }
  }
  if (!trimmed(part).empty()) parts.push_back(trimmed(part));
  return parts;
}

std::vector<std::int64_t> sizes_in(const std::string& brackets) {
  std::vector<std::int64_t> sizes;
  for (const std::string& size : split(brackets.substr(1, brackets.size() - 2)))
    sizes.push_back(size == "N" ? kBatch : std::stoll(size));
  return sizes;
}

Attribute attribute_in(const std::string& text) {
  if (text.starts_with('[')) return sizes_in(text);
  if (text.starts_with('"')) return text.substr(1, text.size() - 2);
  if (text.find_first_of(".e") != std::string::npos) return std::stod(text);
  return std::int64_t{std::stoll(text)};
}

bool is_number(const std::string& text) {
  return text.find_first_not_of("-.0123456789") == std::string::npos &&
         text.find_first_of("0123456789") != std::string::npos;
}

Node node_in(const std::string& line, std::optional<Sizes>& shape) {
  const auto equals = line.find(" = "), open = line.find('(', equals);
  std::string output = line.substr(0, equals), op = line.substr(equals + 3, open - equals - 3);
  if (const auto colon = output.find(':'); colon != std::string::npos) {
    shape = sizes_in(output.substr(colon + 1));
    output = output.substr(0, colon);
  }
  Node node{.op = op, .domain = {}, .name = "/block/" + output, .outputs = {output}};
  if (const auto brace = op.find('{'); brace != std::string::npos) {
    node.op = op.substr(0, brace);
    for (const std::string& one : split(op.substr(brace + 1, op.size() - brace - 2)))
      node.attributes[one.substr(0, one.find('='))] = attribute_in(one.substr(one.find('=') + 1));
  }
  node.inputs = split(line.substr(open + 1, line.rfind(')') - open - 1));
  return node;
}

Tensor tensor_of(const WrittenGraph::Vector& vector) {
  Tensor tensor(Shape(vector.shape), DType::float32);
  float value = 0.5f;
  for (float& x : tensor.as<float>()) x = vector.fill != 0 ? static_cast<float>(vector.fill) : value += 0.375f;
  return tensor;
}

Sizes shape_together(const Graph& graph, const Node& node) {
  Sizes together;
  for (const std::string& input : node.inputs) {
    const Sizes& shape = *graph.shape(input);
    if (shape.size() > together.size()) together.insert(together.begin(), shape.size() - together.size(), 1);
    for (std::size_t i = 1; i <= shape.size(); ++i)
      together[together.size() - i] = std::max(together[together.size() - i], shape[shape.size() - i]);
  }
  if (!node.is("ReduceMean")) return together;
  Sizes kept;
  const auto axes = reduced_axes(graph, node).value();
  for (std::size_t i = 0; i < together.size(); ++i)
    if (std::ranges::find(axes, static_cast<int>(i)) == axes.end())
      kept.push_back(together[i]);
    else if (node.integer("keepdims", 1) != 0)
      kept.push_back(1);
  return kept;
}

}  // namespace

Graph graph_of(const WrittenGraph& written) {
  Graph graph;
  graph.opset = 13;
  graph.inputs = {{.name = "x", .shape = written.input}};
  graph.outputs = written.outputs;
  graph.set_shape("x", written.input);
  for (const auto& [name, vector] : written.vectors)
    graph.set_constant(name, {.value = tensor_of(vector), .initializer = name});
  std::istringstream lines(written.text);
  for (std::string line; std::getline(lines, line);) {
    if (trimmed(line).empty()) continue;
    std::optional<Sizes> shape;
    Node node = node_in(trimmed(line), shape);
    for (const std::string& input : node.inputs)
      if (is_number(input) && !graph.constant(input)) {
        const float number = std::stof(input);
        graph.set_constant(input, {.value = Tensor::of<float>({}, std::span(&number, 1))});
      }
    graph.set_shape(node.output(), shape ? *shape : shape_together(graph, node));
    graph.append(std::move(node));
  }
  return graph;
}

std::string text_of(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes()) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : "\n", node.output(), node.op);
    if (node.is("Transpose"))
      for (const std::int64_t axis : node.integers("perm")) text += std::to_string(axis);
    text += fmt::format("({})", fmt::join(node.inputs, ", "));
  }
  return text;
}

std::string recognised(const WrittenGraph& written, Record& record) {
  Graph graph = graph_of(written);
  recognise(graph, record);
  return text_of(graph);
}

std::string recognised(const WrittenGraph& written) {
  Record record;
  return recognised(written, record);
}

}  // namespace evenkeel::interchange::onnx
