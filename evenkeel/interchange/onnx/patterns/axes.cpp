#include "evenkeel/interchange/onnx/patterns/axes.h"

#include <algorithm>
#include <numeric>

namespace evenkeel::interchange::onnx {

bool lies_along(const Graph& graph, const std::string& constant, const Sizes& shape, const std::vector<int>& axes) {
  const Sizes* sizes = graph.shape(constant);
  if (!graph.constant(constant) || !sizes || sizes->size() > shape.size()) return false;
  const std::size_t missing = shape.size() - sizes->size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t size = i < missing ? 1 : (*sizes)[i - missing];
    const bool is_along = std::ranges::find(axes, static_cast<int>(i)) != axes.end();
    if (size != (is_along ? shape[i] : 1)) return false;
  }
  return true;
}

std::vector<std::int64_t> channels_to_axis_1(int rank) {
  std::vector<std::int64_t> order = {0, rank - 1};
  for (std::int64_t axis = 1; axis < rank - 1; ++axis) order.push_back(axis);
  return order;
}

std::vector<std::int64_t> channels_to_the_end(int rank) {
  std::vector<std::int64_t> order = {0};
  for (std::int64_t axis = 2; axis < rank; ++axis) order.push_back(axis);
  order.push_back(1);
  return order;
}

void replace_transposed(Rewriting& rewriting, const std::vector<Node*>& nodes, Node fresh, const std::string& what,
                        const std::vector<std::int64_t>& order) {
  Graph& graph = rewriting.graph();
  const std::string x = fresh.inputs[0], y = fresh.outputs[0];
  const Sizes sizes = *graph.shape(x);
  std::vector<std::int64_t> back(order.size());
  Sizes moved;
  for (std::size_t i = 0; i < order.size(); ++i) {
    back[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
    moved.push_back(sizes[static_cast<std::size_t>(order[i])]);
  }
  const std::string turned = graph.free_name(x + "/turned");
  graph.set_shape(turned, moved);
  const std::string made = graph.free_name(y + "/turned");
  graph.set_shape(made, moved);
  fresh.inputs[0] = turned;
  fresh.outputs[0] = made;
  Node& node = rewriting.replace(nodes, std::move(fresh), what);
  graph.set_shape(y, sizes);
  const auto transpose = [&](const std::string& from, const std::string& to, const std::vector<std::int64_t>& by) {
    return Node{
        .op = "Transpose", .domain = {}, .name = to, .inputs = {from}, .outputs = {to}, .attributes = {{"perm", by}}};
  };
  graph.insert_before(node, transpose(x, turned, order));
  graph.insert_after(node, transpose(made, y, back));
}

}  // namespace evenkeel::interchange::onnx
