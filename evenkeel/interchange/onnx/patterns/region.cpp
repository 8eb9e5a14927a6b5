#include "evenkeel/interchange/onnx/patterns/region.h"

#include <algorithm>

namespace evenkeel::interchange::onnx {
namespace {

/// Collects the nodes between x and a value.
class Collection {
 public:
  Collection(Graph& graph, const std::string& x, std::size_t most, const Allowed& allowed)
      : graph_(graph), x_(x), most_(most), allowed_(allowed) {}

  /// Adds the maker of a value, after those that it reads. False if something else than x and constants is read, or
  /// there are too many nodes.
  bool add(const std::string& value, std::size_t depth = 0) {
    if (value == x_) return reads_x_ = true;
    if (value.empty() || graph_.constant(value)) return true;
    Node* node = graph_.producer(value);
    if (!node || depth == most_ || !allowed_(*node)) return false;
    if (std::ranges::find(nodes_, node) != nodes_.end()) return true;
    for (const std::string& input : node->inputs)
      if (!add(input, depth + 1)) return false;
    nodes_.push_back(node);
    return nodes_.size() <= most_;
  }
  bool reads_x() const { return reads_x_; }
  std::vector<Node*>& nodes() { return nodes_; }

 private:
  Graph& graph_;
  const std::string& x_;
  std::size_t most_;
  const Allowed& allowed_;
  std::vector<Node*> nodes_;
  bool reads_x_ = false;
};

/// All values that `last` depends on through allowed nodes, nearest first, and those where such nodes end.
std::vector<std::string> values_before(Graph& graph, const Node& last, std::size_t most, const Allowed& allowed,
                                       const Allowed& typical) {
  std::vector<std::string> values;
  bool is_typical = typical(last);
  const auto add = [&](const Node& node) {
    for (const std::string& input : node.inputs)
      if (!input.empty() && !graph.constant(input) && std::ranges::find(values, input) == values.end())
        values.push_back(input);
  };
  add(last);
  for (std::size_t i = 0; i < values.size() && values.size() < most; ++i) {
    const Node* node = graph.producer(values[i]);
    if (!node || !allowed(*node)) continue;
    is_typical = is_typical || typical(*node);
    add(*node);
  }
  return is_typical ? values : std::vector<std::string>();
}

}  // namespace

std::vector<Region> regions_before(Graph& graph, Node& last, std::size_t most, const Allowed& allowed,
                                   const Allowed& typical) {
  std::vector<Region> regions;
  if (!allowed(last)) return regions;
  for (const std::string& x : values_before(graph, last, most, allowed, typical)) {
    Collection between(graph, x, most, allowed);
    if (between.add(last.output()) && between.reads_x() &&
        std::ranges::any_of(between.nodes(), [&](const Node* node) { return typical(*node); }))
      regions.push_back({.nodes = std::move(between.nodes()), .x = x, .y = last.output()});
  }
  std::ranges::stable_sort(regions, std::ranges::greater{}, [](const Region& region) { return region.nodes.size(); });
  return regions;
}

bool has_any(const Region& region, std::initializer_list<std::string_view> operators) {
  return std::ranges::any_of(region.nodes, [&](const Node* node) {
    return node->domain.empty() && std::ranges::find(operators, node->op) != operators.end();
  });
}

std::vector<std::string> constants_of(const Graph& graph, const Region& region) {
  std::vector<std::string> constants;
  for (const Node* node : region.nodes)
    for (const std::string& input : node->inputs)
      if (graph.constant(input) && std::ranges::find(constants, input) == constants.end()) constants.push_back(input);
  return constants;
}

void Rewriting::each(const std::function<void(Node&)>& look) {
  std::vector<Node*> nodes;
  for (Node& node : graph_.nodes()) nodes.push_back(&node);
  gone_.clear();
  const auto before = std::ssize(record_.recognised);
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node)
    if (!gone_.contains(*node)) look(**node);
  // In the order of the network.
  std::ranges::reverse(record_.recognised.begin() + before, record_.recognised.end());
}

Node& Rewriting::replace(const std::vector<Node*>& nodes, Node fresh, const std::string& what) {
  Node& node = replace_silently(nodes, std::move(fresh));
  note(what, node);
  return node;
}

Node& Rewriting::replace_silently(const std::vector<Node*>& nodes, Node fresh) {
  gone_.insert(nodes.begin(), nodes.end());
  return graph_.replace(nodes, std::move(fresh));
}

void Rewriting::remove_unread(Node& node) {
  std::vector<std::string> values = node.outputs;
  while (!values.empty()) {
    Node* maker = graph_.producer(values.back());
    values.pop_back();
    const auto is_read = [&](const std::string& made) {
      return graph_.is_output(made) || !graph_.consumers(made).empty();
    };
    if (!maker || std::ranges::any_of(maker->outputs, is_read)) continue;
    values.insert(values.end(), maker->inputs.begin(), maker->inputs.end());
    gone_.insert(maker);
    graph_.remove(*maker);
  }
}

void Rewriting::bypass(Node& node, const std::string& value) {
  if (!graph_.is_output(node.output())) gone_.insert(&node);
  graph_.bypass(node, value);
}

void Rewriting::note(const std::string& what, const Node& node) {
  record_.recognised.push_back(what + ": " + place_in_file(node));
}

void Rewriting::warn(const std::string& sentence) { record_.warnings.push_back(sentence); }

std::string place_in_file(const Node& node) {
  if (!node.module.empty()) return node.module;
  return node.call.empty() ? module_of(node.title()) : node.call;
}

std::string module_of(const std::string& node_name) {
  if (!node_name.starts_with('/')) return node_name;
  if (node_name.find('/', 1) == std::string::npos) return node_name.substr(1);
  std::string path, last;
  for (std::size_t begin = 1;;) {
    const std::size_t end = node_name.find('/', begin);
    if (end == std::string::npos) return path.empty() ? node_name : path;
    const std::string part = node_name.substr(begin, end - begin);
    if (!last.empty() && part.starts_with(last + '.'))
      path += part.substr(last.size());  // a child of a Sequential repeats its parent's name
    else
      path += (path.empty() ? "" : ".") + part;
    last = part;
    begin = end + 1;
  }
}

}  // namespace evenkeel::interchange::onnx
