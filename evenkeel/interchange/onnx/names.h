#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "evenkeel/interchange/onnx/graph.h"

namespace evenkeel::interchange::onnx {

/// What layers are called: as in the user's own program, as far as the file tells. A layer with a weight
/// "layer1.0.bn1.weight" is "layer1.0.bn1". Others have the name of the module that their node is alone in, or the
/// node's, with dots for slashes. No two have one name.
class Names {
 public:
  explicit Names(const Graph& graph);

  /// For the layer of a node with these initializers.
  std::string name_of(const Node& node, const std::vector<std::string>& initializers) const;
  /// The name, or if it is taken that with a number. From now on it is taken.
  std::string taken(const std::string& name);

  /// A name that a model allows, of whatever a file has.
  static std::string allowed(const std::string& name);
  /// The module of an initializer: "layer1.0.bn1" of "layer1.0.bn1.weight"; empty if that is no such name.
  static std::string module_of(const std::string& initializer);

 private:
  std::map<std::string, int> nodes_in_;  ///< modules and functions, by path: nodes that are directly there
  std::set<std::string> parents_;        ///< paths that others are inside
  std::set<std::string> taken_;
};

}  // namespace evenkeel::interchange::onnx
