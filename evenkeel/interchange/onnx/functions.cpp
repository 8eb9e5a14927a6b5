#include <fmt/format.h>

#include <map>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/interchange/onnx/read_graph.h"

namespace evenkeel::interchange::onnx {
namespace {

namespace messages = formats::onnx;
using Functions = std::map<std::string, const messages::FunctionProto*>;

/// Nodes of a graph after its functions were put in place: a function may call others, and so grow without end.
constexpr int kMostNodes = 1'000'000;
constexpr int kDeepestCall = 32;

std::string key_of(const std::string& domain, const std::string& name, const std::string& overload) {
  return fmt::format("{}\n{}\n{}", domain == "ai.onnx" ? "" : domain, name, overload);
}

/// Copies the nodes of functions into a graph, under names of their own.
class Inliner {
 public:
  Inliner(const messages::ModelProto& model, std::string where) : model_(model), where_(std::move(where)) {
    for (const auto& function : model.functions())
      functions_[key_of(function.domain(), function.name(), function.overload())] = &function;
  }

  bool has_functions() const { return !functions_.empty(); }

  void place(const messages::NodeProto& node, messages::GraphProto& into, int depth) {
    const auto found = functions_.find(key_of(node.domain(), node.op_type(), node.overload()));
    if (into.node_size() >= kMostNodes) fail("more nodes, with those of its functions");
    if (found == functions_.end()) {
      *into.add_node() = node;
      return;
    }
    if (depth >= kDeepestCall)
      fail(fmt::format("function \"{}\" inside others, or inside itself", printable(node.op_type())));
    const messages::FunctionProto& function = *found->second;
    check_opset(function);
    const std::map<std::string, std::string> names = names_of(function, node);
    for (const messages::NodeProto& inner : function.node())
      place(called(inner, function, node, names), into, depth + 1);
  }

 private:
  [[noreturn]] void fail(const std::string& received) const {
    throw Error{{.where = where_,
                 .expected = fmt::format("at most {} nodes, and functions {} deep", kMostNodes, kDeepestCall),
                 .received = received}};
  }

  void check_opset(const messages::FunctionProto& function) const {
    for (const auto& own : function.opset_import())
      for (const auto& its : model_.opset_import())
        if (own.domain() == its.domain() && own.domain().empty() && own.version() != its.version())
          throw Error{{.kind = Error::unsupported,
                       .where = fmt::format("{}: function \"{}\"", where_, printable(function.name())),
                       .expected = fmt::format("the model's opset {}", its.version()),
                       .received = fmt::format("{}", own.version())}};
  }

  /// What the function's values are called in the graph: its inputs and outputs are those of the node.
  std::map<std::string, std::string> names_of(const messages::FunctionProto& function,
                                              const messages::NodeProto& node) {
    std::map<std::string, std::string> names{{"", ""}};
    for (int i = 0; i < function.input_size(); ++i)
      names[function.input(i)] = i < node.input_size() ? node.input(i) : "";
    // An output may be one of the inputs; then the node's output is an Identity of it.
    const int call = ++calls_;
    for (const messages::NodeProto& inner : function.node())
      for (const std::string& made : inner.output())
        if (!names.contains(made)) names[made] = fmt::format("{}#{}.{}", node.name(), call, made);
    for (int i = 0; i < std::min(function.output_size(), node.output_size()); ++i)
      if (!node.output(i).empty()) names[function.output(i)] = node.output(i);
    return names;
  }

  messages::NodeProto called(const messages::NodeProto& inner, const messages::FunctionProto& function,
                             const messages::NodeProto& node, const std::map<std::string, std::string>& names) const {
    messages::NodeProto copy = inner;
    for (std::string& value : *copy.mutable_input()) {
      const auto found = names.find(value);
      if (found == names.end())
        throw Error{{.where = fmt::format("{}: function \"{}\"", where_, printable(function.name())),
                     .expected = fmt::format("a node that makes \"{}\"", printable(shortened(value, 100))),
                     .received = "none"}};
      value = found->second;
    }
    for (std::string& value : *copy.mutable_output()) value = names.at(value);
    copy.set_name(node.name().empty() ? inner.name() : fmt::format("{}/{}", node.name(), inner.name()));
    if (copy.metadata_props_size() == 0) *copy.mutable_metadata_props() = node.metadata_props();
    for (int i = copy.attribute_size() - 1; i >= 0; --i) {
      messages::AttributeProto& attribute = *copy.mutable_attribute(i);
      if (attribute.ref_attr_name().empty()) continue;
      const messages::AttributeProto* given = given_attribute(attribute.ref_attr_name(), function, node);
      if (!given) {
        copy.mutable_attribute()->DeleteSubrange(i, 1);
        continue;
      }
      const std::string name = attribute.name();
      attribute = *given;
      attribute.set_name(name);
    }
    return copy;
  }

  static const messages::AttributeProto* given_attribute(const std::string& name,
                                                         const messages::FunctionProto& function,
                                                         const messages::NodeProto& node) {
    for (const auto& attribute : node.attribute())
      if (attribute.name() == name) return &attribute;
    for (const auto& attribute : function.attribute_proto())
      if (attribute.name() == name) return &attribute;
    return nullptr;
  }

  const messages::ModelProto& model_;
  std::string where_;
  Functions functions_;
  int calls_ = 0;
};

}  // namespace

void inline_functions(messages::ModelProto& model, const std::string& where) {
  Inliner inliner(model, where);
  if (!inliner.has_functions()) return;
  messages::GraphProto flat;
  for (const messages::NodeProto& node : model.graph().node()) inliner.place(node, flat, 0);
  model.mutable_graph()->mutable_node()->Swap(flat.mutable_node());
}

}  // namespace evenkeel::interchange::onnx
