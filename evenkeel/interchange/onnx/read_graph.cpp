#include "evenkeel/interchange/onnx/read_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/interchange/onnx/freed_memory.h"

namespace evenkeel::interchange::onnx {
namespace {

namespace messages = formats::onnx;

std::string in_quotes(const std::string& name) { return '"' + printable(shortened(name, 200)) + '"'; }

std::int64_t opset_of(const messages::ModelProto& model, const std::string& where) {
  std::int64_t opset = 0;
  for (const auto& one : model.opset_import())
    if (one.domain().empty() || one.domain() == "ai.onnx") opset = std::max(opset, one.version());
  if (opset < kOldestOpset || opset > kNewestOpset)
    throw Error{{.kind = opset > kNewestOpset ? Error::unsupported : Error::input,
                 .where = where,
                 .expected = fmt::format("opset {} to {} of ONNX", kOldestOpset, kNewestOpset),
                 .received = opset == 0 ? "a model of other operators alone" : fmt::format("opset {}", opset),
                 .hint = "onnx.version_converter.convert_version(model, 18) writes it in another one."}};
  return opset;
}

/// The elements of a list as Python prints it: ['', 'layer1', 'layer1.0', 'add'].
std::vector<std::string> python_list(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 1)) {
    const std::size_t end = text.find('\'', at + 1);
    if (end == std::string::npos) break;
    all.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return all;
}

Node node_of(messages::NodeProto& proto, const std::string& where, formats::OnnxDataFiles& files) {
  Node node{.op = proto.op_type(),
            .domain = proto.domain() == "ai.onnx" ? "" : proto.domain(),
            .name = proto.name(),
            .inputs = {proto.input().begin(), proto.input().end()},
            .outputs = {proto.output().begin(), proto.output().end()}};
  const std::string place = where + ": " + node.where();
  for (messages::AttributeProto& attribute : *proto.mutable_attribute())
    if (auto value = attribute_of(attribute, place, files)) node.attributes[attribute.name()] = std::move(*value);
  for (const auto& entry : proto.metadata_props())
    if (entry.key() == "pkg.torch.onnx.name_scopes") {
      const std::vector<std::string> scopes = python_list(entry.value());
      if (scopes.size() >= 2) node.module = scopes[scopes.size() - 2];
      if (!scopes.empty()) node.call = scopes.back();
    }
  return node;
}

/// Which node makes which value.
std::unordered_map<std::string, int> makers_of(const messages::GraphProto& graph, const Graph& known,
                                               const std::string& where) {
  std::unordered_map<std::string, int> makers;
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string& made : graph.node(i).output()) {
      if (made.empty()) continue;
      const bool is_input = std::ranges::find(known.inputs, made, &Graph::Port::name) != known.inputs.end();
      if (!makers.emplace(made, i).second || known.constant(made) || is_input)
        throw Error{{.where = where, .expected = "one node that makes " + in_quotes(made), .received = "two"}};
    }
  return makers;
}

/// The nodes in an order in which each comes after those that make what it reads; among those that may be next, the
/// first in the file.
std::vector<int> order_of(const messages::GraphProto& graph, const Graph& known, const std::string& where) {
  const auto makers = makers_of(graph, known, where);
  std::vector<int> missing(static_cast<std::size_t>(graph.node_size()), 0), order;
  std::vector<std::vector<int>> readers(missing.size());
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string& read : graph.node(i).input()) {
      const auto maker = makers.find(read);
      const bool is_known = read.empty() || known.constant(read) ||
                            std::ranges::find(known.inputs, read, &Graph::Port::name) != known.inputs.end();
      if (maker != makers.end()) {
        ++missing[static_cast<std::size_t>(i)];
        readers[static_cast<std::size_t>(maker->second)].push_back(i);
      } else if (!is_known) {
        throw Error{{.where = fmt::format("{}: node {} ({})", where, in_quotes(graph.node(i).name()),
                                          printable(shortened(graph.node(i).op_type(), 60))),
                     .expected = "a node, an input or an initializer that makes " + in_quotes(read),
                     .received = "none"}};
      }
    }
  std::set<int> ready;
  for (int i = 0; i < graph.node_size(); ++i)
    if (missing[static_cast<std::size_t>(i)] == 0) ready.insert(i);
  while (!ready.empty()) {
    const int next = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(next);
    for (const int reader : readers[static_cast<std::size_t>(next)])
      if (--missing[static_cast<std::size_t>(reader)] == 0) ready.insert(reader);
  }
  if (order.size() == missing.size()) return order;
  const auto stuck = std::ranges::find_if(missing, [](int n) { return n > 0; }) - missing.begin();
  throw Error{{.where = where,
               .expected = "a graph without cycles",
               .received = fmt::format("a cycle that node {} is in, or reads from",
                                       in_quotes(graph.node(static_cast<int>(stuck)).name()))}};
}

/// The sizes of an input, with kBatch first and 0 where one is open.
Sizes sizes_of(const messages::ValueInfoProto& input, const std::string& where) {
  if (!input.has_type() || !input.type().has_tensor_type() || !input.type().tensor_type().has_shape())
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "a tensor whose number of axes the file tells",
                 .received = "an input without a shape"}};
  const auto& shape = input.type().tensor_type().shape();
  Sizes sizes;
  for (const auto& dimension : shape.dim()) {
    const std::int64_t size = dimension.has_dim_value() ? dimension.dim_value() : 0;
    if (size < 0 || size >= kBatch || (dimension.has_dim_value() && size == 0))
      throw Error{{.where = where,
                   .expected = fmt::format("sizes from 1 to {}", kBatch - 1),
                   .received = fmt::format("{}", size)}};
    sizes.push_back(size);
  }
  if (sizes.size() < 2)
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "samples: an array with a batch axis and at least one more",
                 .received = fmt::format("{} axes", sizes.size())}};
  return sizes;
}

void read_inputs(const messages::GraphProto& proto, Graph& graph, const std::string& where) {
  for (const messages::ValueInfoProto& input : proto.input()) {
    if (graph.constant(input.name())) continue;
    const std::string place = where + ": input " + in_quotes(input.name());
    if (std::ranges::find(graph.inputs, input.name(), &Graph::Port::name) != graph.inputs.end())
      throw Error{{.where = place, .expected = "a name of its own", .received = "one that is taken"}};
    Graph::Port port{input.name(), sizes_of(input, place)};
    if (graph.fixed_batch == 0) graph.fixed_batch = port.shape[0];
    port.shape[0] = kBatch;
    graph.inputs.push_back(std::move(port));
  }
  if (graph.inputs.empty()) throw Error{{.where = where, .expected = "a graph with inputs", .received = "none"}};
}

/// Fills in the sizes that the file leaves open.
void complete_inputs(Graph& graph, const std::string& where, const ImportOptions& options) {
  for (Graph::Port& input : graph.inputs) {
    const std::string place = where + ": input " + in_quotes(input.name);
    Sizes given;
    if (options.input_shape && &input == &graph.inputs.front()) {
      const auto sizes = options.input_shape->sizes();
      given.assign(sizes.begin(), sizes.end());
      if (given.size() > 1 && is_channels_first(graph, input.name))
        std::rotate(given.begin(), given.end() - 1, given.end());
      if (given.size() + 1 != input.shape.size())
        throw Error{{.where = place,
                     .expected = fmt::format("a shape of {} sizes", input.shape.size() - 1),
                     .received = to_string(*options.input_shape)}};
    }
    for (std::size_t i = 1; i < input.shape.size(); ++i) {
      std::int64_t& size = input.shape[i];
      if (size != 0 && !given.empty() && given[i - 1] != size)
        throw Error{{.where = place,
                     .expected = fmt::format("{} on its axis {}, as the file says", size, i),
                     .received = fmt::format("{}", given[i - 1])}};
      if (size == 0 && !given.empty()) size = given[i - 1];
      if (size <= 0 || size >= kBatch)
        throw Error{{.where = place,
                     .expected = "the sizes of an image or of features",
                     .received = fmt::format("one that the file leaves open (axis {})", i),
                     .hint = "Give them: --input-shape H,W,C (or F)."}};
    }
    graph.set_shape(input.name, input.shape);
  }
}

}  // namespace

bool is_channels_first(const Graph& graph, const std::string& input) {
  constexpr std::array kFirst = {"Conv",          "ConvTranspose",         "MaxPool",
                                 "AveragePool",   "BatchNormalization",    "GlobalAveragePool",
                                 "GlobalMaxPool", "InstanceNormalization", "GroupNormalization"};
  constexpr std::array kAsIs = {"Transpose", "MatMul", "Gemm", "LayerNormalization", "Reshape", "Flatten"};
  std::deque<std::string> values{input};
  std::set<std::string> seen;
  const auto port = std::ranges::find(graph.inputs, input, &Graph::Port::name);
  const std::size_t rank = port == graph.inputs.end() ? 0 : port->shape.size();
  while (!values.empty() && seen.size() < 1000) {
    const std::string value = values.front();
    values.pop_front();
    if (!seen.insert(value).second) continue;
    for (const Node* reader : graph.consumers(value)) {
      if (std::ranges::find(kFirst, reader->op) != kFirst.end()) return rank >= 3;
      // What is flattened or reshaped at once is an image all the same: [C, H, W] more often than not.
      if (std::ranges::find(kAsIs, reader->op) != kAsIs.end()) return rank == 4 && reader->op == "Flatten";
      for (const std::string& made : reader->outputs) values.push_back(made);
    }
  }
  return rank == 4;
}

Graph read_graph(messages::ModelProto& model, const std::string& where, const ImportOptions& options,
                 formats::OnnxDataFiles& files) {
  Graph graph;
  graph.opset = opset_of(model, where);
  inline_functions(model, where);
  messages::GraphProto& proto = *model.mutable_graph();
  FreedMemory freed;
  for (messages::TensorProto& tensor : *proto.mutable_initializer()) {
    const std::string place = where + ": initializer " + in_quotes(tensor.name());
    if (graph.constant(tensor.name()))
      throw Error{{.where = place, .expected = "a name of its own", .received = "one that is taken"}};
    Constant constant{.value = formats::take_onnx_tensor(tensor, place, &files), .initializer = tensor.name()};
    constant.foreign_shape = constant.value.shape();
    freed.add(constant.value.bytes());
    graph.set_constant(tensor.name(), std::move(constant));
  }
  read_inputs(proto, graph, where);
  for (const int i : order_of(proto, graph, where)) graph.append(node_of(*proto.mutable_node(i), where, files));
  for (const messages::ValueInfoProto& output : proto.output()) {
    if (!graph.producer(output.name()) && !graph.constant(output.name()) && !graph.shape(output.name()) &&
        std::ranges::find(graph.inputs, output.name(), &Graph::Port::name) == graph.inputs.end())
      throw Error{{.where = where + ": output " + in_quotes(output.name()),
                   .expected = "a node that makes it",
                   .received = "none"}};
    graph.outputs.push_back(output.name());
  }
  if (graph.outputs.empty()) throw Error{{.where = where, .expected = "a graph with outputs", .received = "none"}};
  complete_inputs(graph, where, options);
  return graph;
}

}  // namespace evenkeel::interchange::onnx
