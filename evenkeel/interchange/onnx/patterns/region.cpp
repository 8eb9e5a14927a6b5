#include "evenkeel/interchange/onnx/patterns/region.h"

#include <algorithm>

namespace evenkeel::interchange::onnx {
namespace {

/// The longest patterns, layer normalizations with all their parts, have 16.
constexpr std::size_t kLargestRegion = 24;

/// Adds the nodes between `x` and `value`, inputs first. False if something else than x and constants is read.
bool collect_region(Graph& graph, const std::string& value, const std::string& x, const Allowed& allowed,
                    std::vector<Node*>& nodes, bool& reads_x) {
  if (value == x) {
    reads_x = true;
    return true;
  }
  if (value.empty() || graph.constant(value)) return true;
  Node* node = graph.producer(value);
  if (!node || !allowed(*node)) return false;
  if (std::ranges::find(nodes, node) != nodes.end()) return true;
  for (const std::string& input : node->inputs)
    if (!collect_region(graph, input, x, allowed, nodes, reads_x)) return false;
  nodes.push_back(node);
  return nodes.size() <= kLargestRegion;
}

/// All values that `last` depends on through allowed nodes, nearest first, and those where such nodes end.
std::vector<std::string> values_before(Graph& graph, const Node& last, const Allowed& allowed) {
  std::vector<std::string> values;
  const auto add = [&](const Node& node) {
    for (const std::string& input : node.inputs)
      if (!input.empty() && !graph.constant(input) && std::ranges::find(values, input) == values.end())
        values.push_back(input);
  };
  add(last);
  for (std::size_t i = 0; i < values.size() && values.size() < kLargestRegion; ++i)
    if (const Node* node = graph.producer(values[i]); node && allowed(*node)) add(*node);
  return values;
}

}  // namespace

std::vector<Region> regions_before(Graph& graph, Node& last, const Allowed& allowed) {
  std::vector<Region> regions;
  if (!allowed(last)) return regions;
  for (const std::string& x : values_before(graph, last, allowed)) {
    Region region{.nodes = {}, .x = x, .y = last.output()};
    bool reads_x = false;
    if (collect_region(graph, region.y, x, allowed, region.nodes, reads_x) && reads_x)
      regions.push_back(std::move(region));
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
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node)
    if (!gone_.contains(*node)) look(**node);
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

std::string place_in_file(const Node& node) { return node.module.empty() ? module_of(node.title()) : node.module; }

std::string module_of(const std::string& node_name) {
  if (!node_name.starts_with('/') || node_name.find('/', 1) == std::string::npos) return node_name;
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
