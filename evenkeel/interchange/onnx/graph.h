#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "evenkeel/tensor/tensor.h"

// The graph of an ONNX file as plain data, for passes that rewrite it before it becomes a model.

namespace evenkeel::interchange::onnx {

/// The sizes of a value's axes in the file's own order. Any rank.
using Sizes = std::vector<std::int64_t>;

/// The batch's size stands in shapes and in numbers computed from shapes as this prime: no other size is a multiple of
/// it, and 4 * kBatch is still seen to be four batches.
inline constexpr std::int64_t kBatch = 1'000'003;

using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>,
                               std::vector<std::string>, std::shared_ptr<const Tensor>>;

/// The domain of operators that stand for several of the file's (patterns.h says which there are).
inline constexpr std::string_view kOwnDomain = "evenkeel";

struct Node {
  std::string op = {};                                 ///< "Conv"
  std::string domain = {};                             ///< empty: ONNX's own operators
  std::string name = {};                               ///< the file's; may be empty
  std::vector<std::string> inputs = {}, outputs = {};  ///< names of values; an empty one is not given
  std::map<std::string, Attribute> attributes = {};
  /// The file's names of the nodes that this one stands for, where it replaced them; empty: `name` alone.
  std::vector<std::string> origins = {};
  /// The module that the node is in, where the file says so ("layer1.0.relu"), and what the node is called there.
  std::string module = {}, call = {};

  /// Whether this is an operator of ONNX's own domain, of that name.
  bool is(std::string_view type) const { return domain.empty() && op == type; }
  bool is_own(std::string_view type) const { return domain == kOwnDomain && op == type; }
  /// The i-th input or output; empty if it is not given.
  const std::string& input(std::size_t i) const;
  const std::string& output(std::size_t i = 0) const;
  bool has(const std::string& attribute) const { return attributes.contains(attribute); }
  /// An attribute, or the fallback where there is none. Throws Error if it has another type.
  std::int64_t integer(const std::string& attribute, std::int64_t fallback) const;
  double number(const std::string& attribute, double fallback) const;
  std::string text(const std::string& attribute, const std::string& fallback) const;
  std::vector<std::int64_t> integers(const std::string& attribute, std::vector<std::int64_t> fallback = {}) const;
  std::vector<double> numbers(const std::string& attribute) const;
  /// "node "/features/0/Conv" (Conv)", for errors.
  std::string where() const;
  /// Its name, or that of its first output if it has none.
  const std::string& title() const { return name.empty() ? output() : name; }
};

/// A value that does not depend on the inputs.
struct Constant {
  Tensor value;
  std::string initializer = {};  ///< the file's name of it; empty if it was computed, or stands in a node
  bool of_the_batch = false;     ///< computed from the batch's size: multiples of kBatch among its numbers mean that
  /// How the initializer lies in `value`: it has this shape; seen in `seen` (empty: that shape) with its axes in the
  /// order `axes` (empty: as they are) it has the elements of `value` in their order.
  Shape foreign_shape = {}, seen = {};
  std::vector<int> axes = {};
  /// The node that computed it, for those who want to know what it was computed from; empty if it is the file's own.
  std::shared_ptr<const Node> maker = {};
};

/// Nodes in an order in which each reads what is there already, and what is known of their values. Pointers to nodes
/// stay valid until the node is removed.
class Graph {
 public:
  struct Port {
    std::string name;
    Sizes shape;  ///< with the batch, which is kBatch, as the first size
  };
  std::vector<Port> inputs;
  std::vector<std::string> outputs;
  std::int64_t opset = 0;        ///< of ONNX's own domain
  std::int64_t fixed_batch = 0;  ///< the batch's size where the file fixes it; 0: it is open

  std::list<Node>& nodes() { return nodes_; }
  const std::list<Node>& nodes() const { return nodes_; }
  Node& append(Node node);

  /// Puts a node in front of or after another, among the nodes.
  Node& insert_before(const Node& other, Node node);
  Node& insert_after(const Node& other, Node node);

  /// The node that makes a value; nullptr for inputs and constants.
  Node* producer(const std::string& value);
  const Node* producer(const std::string& value) const { return const_cast<Graph*>(this)->producer(value); }
  /// The nodes that read a value, each once.
  const std::vector<Node*>& consumers(const std::string& value) const;
  /// The one node that reads it; nullptr if there are none or several, or the value is an output of the graph.
  Node* only_consumer(const std::string& value);
  bool is_output(const std::string& value) const;

  /// What is known of a value before anything runs; nullptr if it depends on the inputs.
  const Tensor* constant(const std::string& value) const;
  const Constant* constant_entry(const std::string& value) const;
  /// The only number of a constant, or that which all its elements have. Nothing for what is not constant.
  std::optional<double> scalar(const std::string& value) const;
  void set_constant(const std::string& value, Constant constant);
  /// A new constant under a name that is free, which is returned.
  std::string add_constant(const std::string& like, Tensor value);
  void forget_constant(const std::string& value) { constants_.erase(value); }

  /// The shape of a value; nullptr if it is unknown. Constants have one.
  const Sizes* shape(const std::string& value) const;
  void set_shape(const std::string& value, Sizes sizes) { shapes_[value] = std::move(sizes); }
  /// Its number of axes; -1 if that is unknown.
  int rank(const std::string& value) const;

  /// Whether nothing but these nodes reads what they make, except `output`, and nothing of it is an output of the
  /// graph: then they can be replaced by one that makes `output`.
  bool are_alone(std::span<Node* const> nodes, const std::string& output) const;
  /// Puts `fresh` in the place of the last of these nodes, and removes them. Its `origins`, and its name if it has
  /// none, become those of the nodes. Values that only the removed nodes made are gone. Returns the new node.
  Node& replace(std::span<Node* const> nodes, Node fresh);
  /// Removes a node and lets those that read its first output read `value` in its place. If that output is one of the
  /// graph's, the graph's becomes an Identity of `value`, so that it keeps its name.
  void bypass(Node& node, const std::string& value);
  /// Removes a node whose values nothing reads.
  void remove(Node& node);
  /// A node reads another value in the place of its i-th input.
  void set_input(Node& node, std::size_t i, const std::string& value);
  /// A name that no value has: `like`, or that with a number.
  std::string free_name(const std::string& like) const;

 private:
  void enter(Node& node);
  void leave(Node& node);
  std::list<Node>::iterator place_of(const Node& node);

  std::list<Node> nodes_;
  std::unordered_map<const Node*, std::list<Node>::iterator> places_;
  std::unordered_map<std::string, Node*> producers_;
  std::unordered_map<std::string, std::vector<Node*>> consumers_;
  std::unordered_map<std::string, Constant> constants_;
  mutable std::unordered_map<std::string, Sizes> shapes_;
};

}  // namespace evenkeel::interchange::onnx
