#include <algorithm>

#include "evenkeel/interchange/onnx/patterns/axes.h"
#include "evenkeel/interchange/onnx/patterns/calculation.h"
#include "evenkeel/interchange/onnx/patterns/families.h"
#include "evenkeel/interchange/onnx/patterns/standardization.h"

namespace evenkeel::interchange::onnx {
namespace {

Node own_node(const std::string& op, const std::string& x, const std::string& y, const Standardization& found) {
  Node node{.op = op, .domain = std::string(kOwnDomain), .name = {}, .inputs = {x, found.scale}, .outputs = {y}};
  if (found.centered) node.inputs.push_back(found.bias);
  node.attributes["epsilon"] = found.epsilon;
  return node;
}

std::vector<int> axes_from(int first, int end) {
  std::vector<int> axes;
  for (int axis = first; axis < end; ++axis) axes.push_back(axis);
  return axes;
}

/// Whether scale and bias have a number for each channel, or are not there.
bool are_along(const Graph& graph, const Standardization& found, const Sizes& shape, const std::vector<int>& axes) {
  const auto fits = [&](const std::string& name) { return name.empty() || lies_along(graph, name, shape, axes); };
  return fits(found.scale) && fits(found.bias);
}

/// y = standardized x, whose axis of channels was split into groups by a Reshape, and is joined again after it.
bool replace_grouped(Rewriting& rewriting, const Region& region, const Standardization& found) {
  Graph& graph = rewriting.graph();
  Node* split = graph.producer(region.x);
  Node* join = graph.only_consumer(region.y);
  if (!found.centered || !split || !split->is("Reshape") || !join || !join->is("Reshape")) return false;
  const Sizes *in = graph.shape(split->input(0)), *out = graph.shape(join->output());
  const Sizes middle = *graph.shape(region.x);
  const int rank = static_cast<int>(middle.size());
  if (!in || !out || *in != *out || in->size() < 3 || middle[0] != (*in)[0] || join->input(0) != region.y) return false;
  const bool first = found.axes == axes_from(2, rank) && (*in)[1] % middle[1] == 0;
  std::vector<int> others = axes_from(1, rank - 2);
  others.push_back(rank - 1);
  const bool last = !first && rank == static_cast<int>(in->size()) + 1 && found.axes == others &&
                    std::equal(in->begin(), in->end() - 1, middle.begin());
  if (!first && !last) return false;
  const int group_axis = first ? 1 : rank - 2;
  if (first && rank == 3 && (!found.scale.empty() || !found.bias.empty())) return false;
  if (first && rank > 3 && middle[1] * middle[2] != (*in)[1] && (!found.scale.empty() || !found.bias.empty()))
    return false;
  if (!are_along(graph, found, middle, {group_axis, group_axis + 1})) return false;
  std::vector<Node*> nodes = {split};
  nodes.insert(nodes.end(), region.nodes.begin(), region.nodes.end());
  nodes.push_back(join);
  if (!graph.are_alone(nodes, join->output())) return false;
  Node fresh = own_node("GroupNormalization", split->input(0), join->output(), found);
  fresh.attributes["num_groups"] = middle[static_cast<std::size_t>(group_axis)];
  const std::string what = "mean, variance and scaling of groups of channels are a group normalization";
  if (first)
    rewriting.replace(nodes, std::move(fresh), what);
  else
    replace_transposed(rewriting, nodes, std::move(fresh), what, channels_to_axis_1(static_cast<int>(in->size())));
  return true;
}

bool replace_layer_normalization(Rewriting& rewriting, const Region& region, const Standardization& found) {
  Graph& graph = rewriting.graph();
  const Sizes shape = *graph.shape(region.x);
  const int rank = static_cast<int>(shape.size());
  const std::string op = found.centered ? "LayerNormalization" : "RMSNormalization";
  const std::string what = found.centered
                               ? "mean, variance and scaling of the channels are a layer normalization"
                               : "a quotient by the root mean square of the channels is an RMS normalization";
  if (!found.centered && !found.bias.empty()) return false;
  const bool of_axis_1 = rank > 2 && found.axes == std::vector{1};
  const bool of_last = found.axes == axes_from(found.axes.front(), rank) && found.axes.front() > 0;
  if (!of_axis_1 && !of_last) return false;
  if (!are_along(graph, found, shape, found.axes)) return false;
  Node fresh = own_node(op, region.x, region.y, found);
  const auto count = static_cast<std::int64_t>(found.axes.size());
  if (found.centered)
    fresh.attributes["axes"] = count;
  else
    fresh.attributes["axis"] = -count;
  if (of_last)
    rewriting.replace(region.nodes, std::move(fresh), what);
  else
    replace_transposed(rewriting, region.nodes, std::move(fresh), what, channels_to_the_end(rank));
  return true;
}

/// Over all positions, or all positions and channels, with scale and bias for each channel: channels are axis 1, or the
/// last one.
bool replace_normalization_of_positions(Rewriting& rewriting, const Region& region, const Standardization& found) {
  Graph& graph = rewriting.graph();
  const Sizes shape = *graph.shape(region.x);
  const int rank = static_cast<int>(shape.size());
  if (!found.centered || rank < 3) return false;
  const bool is_plain = found.scale.empty() && found.bias.empty();
  const bool all = found.axes == axes_from(1, rank);
  const bool first =
      (all || (found.axes == axes_from(2, rank) && (rank > 3 || !is_plain))) && are_along(graph, found, shape, {1});
  const bool last = !first && (all || found.axes == axes_from(1, rank - 1)) &&
                    are_along(graph, found, shape, {rank - 1}) &&
                    // Of [N, L, C] without a scale, axis 1 is as likely to be the channels.
                    (rank > 3 || !is_plain);
  if (!first && !last) return false;
  Node fresh = own_node(all ? "GroupNormalization" : "InstanceNormalization", region.x, region.y, found);
  if (all) fresh.attributes["num_groups"] = std::int64_t{1};
  const std::string what = all ? "mean, variance and scaling of each sample are a group normalization with one group"
                               : "mean, variance and scaling of the positions are an instance normalization";
  if (first)
    rewriting.replace(region.nodes, std::move(fresh), what);
  else
    replace_transposed(rewriting, region.nodes, std::move(fresh), what, channels_to_axis_1(rank));
  return true;
}

void look_for_normalization(Rewriting& rewriting, Node& last) {
  Graph& graph = rewriting.graph();
  const auto allowed = [&](const Node& node) { return is_smooth(node, graph); };
  if (!last.is("Add") && !last.is("Mul") && !last.is("Div") && !last.is("Sub")) return;
  const auto is_mean = [](const Node& node) { return node.is("ReduceMean"); };
  // The longest that anyone writes have 16 nodes.
  for (const Region& region : regions_before(graph, last, 24, allowed, is_mean)) {
    if (!has_any(region, {"Sqrt", "Pow"}) || !graph.are_alone(region.nodes, region.y)) continue;
    const auto found = standardization_of(graph, region);
    if (found &&
        (replace_grouped(rewriting, region, *found) || replace_normalization_of_positions(rewriting, region, *found) ||
         replace_layer_normalization(rewriting, region, *found)))
      return;
  }
}

/// The file's own function for the operator: a sample's last axes are seen as one, normalized, and seen as before.
void look_for_flattened(Rewriting& rewriting, Node& node) {
  Graph& graph = rewriting.graph();
  if (!node.is_own("LayerNormalization") && !node.is_own("RMSNormalization")) return;
  Node* split = graph.producer(node.input(0));
  Node* join = graph.only_consumer(node.output());
  if (!split || !join || !(split->is("Flatten") || split->is("Reshape")) || !join->is("Reshape")) return;
  const Sizes *in = graph.shape(split->input(0)), *out = graph.shape(join->output());
  const Sizes* rows = graph.shape(node.input(0));
  if (!in || !out || !rows || *in != *out || rows->size() != 2 || join->input(0) != node.output()) return;
  std::int64_t count = 0, size = 1;
  while (count < std::ssize(*in) - 1 && size < rows->back())
    size *= (*in)[in->size() - static_cast<std::size_t>(++count)];
  const std::vector<Node*> nodes = {split, &node, join};
  if (size != rows->back() || count == 0 || !graph.are_alone(nodes, join->output())) return;
  Node fresh = node;
  fresh.inputs[0] = split->input(0);
  fresh.outputs = join->outputs;
  fresh.origins.clear();
  fresh.attributes[node.is_own("LayerNormalization") ? "axes" : "axis"] =
      node.is_own("LayerNormalization") ? count : -count;
  rewriting.replace_silently(nodes, std::move(fresh));
}

}  // namespace

void recognise_normalizations(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_normalization(rewriting, node); });
  rewriting.each([&](Node& node) { look_for_flattened(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
