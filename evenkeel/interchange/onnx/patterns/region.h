#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "evenkeel/interchange/onnx/graph.h"
#include "evenkeel/interchange/record.h"

namespace evenkeel::interchange::onnx {

/// Nodes that compute y of one value x and of constants alone, each after those that it reads.
struct Region {
  std::vector<Node*> nodes;
  std::string x, y;
};

using Allowed = std::function<bool(const Node&)>;

/// All regions of at most `most` nodes that end in `last` and have allowed nodes alone, the largest first. None if no
/// node near `last` is `typical` of what is looked for: so nothing is spent on long chains of other nodes.
std::vector<Region> regions_before(Graph& graph, Node& last, std::size_t most, const Allowed& allowed,
                                   const Allowed& typical);

/// Whether a region has a node of one of these operators.
bool has_any(const Region& region, std::initializer_list<std::string_view> operators);

/// The constants that a region's nodes read.
std::vector<std::string> constants_of(const Graph& graph, const Region& region);

/// A graph that is being rewritten, and the record of what was found.
class Rewriting {
 public:
  Rewriting(Graph& graph, Record& record) : graph_(graph), record_(record) {}
  Graph& graph() { return graph_; }

  /// Calls `look` for each node, from the last to the first, so that what is large is seen before its parts. `look` may
  /// replace and remove nodes through this object; those that are gone are not visited.
  void each(const std::function<void(Node&)>& look);

  /// Replaces nodes (Graph::replace) and says so: `what` as in "x * sigmoid(x) is a swish".
  Node& replace(const std::vector<Node*>& nodes, Node fresh, const std::string& what);
  /// The same for what another note has said already.
  Node& replace_silently(const std::vector<Node*>& nodes, Node fresh);
  /// Removes a node that nothing reads, and then those before it that nothing reads any more.
  void remove_unread(Node& node);
  /// Lets the readers of a node's value read `value` in its place.
  void bypass(Node& node, const std::string& value);
  /// A sentence among the record's warnings.
  void warn(const std::string& sentence);
  void note(const std::string& what, const Node& node);

 private:
  Graph& graph_;
  Record& record_;
  std::unordered_set<const Node*> gone_;
};

/// The module that a node belongs to, as PyTorch names it: "features.1.2" of "/features/features.1/features.1.2/Mul".
/// Other names stay as they are.
std::string module_of(const std::string& node_name);
/// The node's module, or its name.
std::string place_in_file(const Node& node);

}  // namespace evenkeel::interchange::onnx
