#include <algorithm>

#include "evenkeel/interchange/onnx/patterns/axes.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

namespace evenkeel::interchange::onnx {
namespace {

/// Reshape, something, Reshape back to the shape of its input.
struct Detour {
  Node *split = nullptr, *middle = nullptr, *join = nullptr;
  Sizes in = {}, between = {}, out = {};
};

std::optional<Detour> detour_around(Graph& graph, Node& middle) {
  Detour found{
      .split = graph.producer(middle.input(0)), .middle = &middle, .join = graph.only_consumer(middle.output())};
  if (!found.split || !found.join || !found.join->is("Reshape") || found.join->input(0) != middle.output()) return {};
  const Sizes *in = graph.shape(found.split->input(0)), *between = graph.shape(found.split->output());
  const Sizes* out = graph.shape(found.join->output());
  if (!in || !between || !out) return {};
  found.in = *in;
  found.between = *between;
  found.out = *out;
  return graph.are_alone(std::vector{found.split, found.middle, found.join}, found.join->output())
             ? std::optional(found)
             : std::nullopt;
}

/// The axis whose places `between` has as two axes, groups and members, while the axes before it are the same and those
/// after it may be joined.
bool is_split_at(const Sizes& in, const Sizes& between, std::size_t axis) {
  if (between.size() < axis + 2 ||
      !std::equal(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(axis), between.begin()))
    return false;
  return between[axis] * between[axis + 1] == in[axis];
}

/// [N, C, ...] seen as [N, groups, C / groups, ...], these two axes exchanged, and seen as [N, C, ...] again; the same
/// with channels last.
void look_for_shuffle(Rewriting& rewriting, Node& node) {
  Graph& graph = rewriting.graph();
  if (!node.is("Transpose")) return;
  const auto detour = detour_around(graph, node);
  if (!detour || !detour->split->is("Reshape") || detour->in != detour->out || detour->in.size() < 3) return;
  const Sizes &in = detour->in, &between = detour->between;
  const std::vector<std::int64_t> perm = node.integers("perm");
  for (const std::size_t axis : {std::size_t{1}, in.size() - 1}) {
    if (!is_split_at(in, between, axis) || perm.size() != between.size()) continue;
    std::vector<std::int64_t> exchanged;
    for (std::size_t i = 0; i < between.size(); ++i) exchanged.push_back(static_cast<std::int64_t>(i));
    std::swap(exchanged[axis], exchanged[axis + 1]);
    if (perm != exchanged) continue;
    Node fresh{.op = "ChannelShuffle",
               .domain = std::string(kOwnDomain),
               .name = {},
               .inputs = {detour->split->input(0)},
               .outputs = {detour->join->output()},
               .attributes = {{"groups", between[axis]}}};
    const std::vector<Node*> nodes = {detour->split, &node, detour->join};
    const std::string what = "reshape, transpose, reshape of channels is a channel shuffle";
    if (axis == 1) {
      rewriting.replace(nodes, std::move(fresh), what);
    } else {
      replace_transposed(rewriting, nodes, std::move(fresh), what, channels_to_axis_1(static_cast<int>(in.size())));
    }
    return;
  }
}

/// [N, C, H, W] seen as [N, C, H, 1, W, 1], expanded to [N, C, H, a, W, b], and seen as [N, C, a H, b W].
void look_for_repetition(Rewriting& rewriting, Node& node) {
  Graph& graph = rewriting.graph();
  if (!node.is("Expand") && !node.is("Tile")) return;
  // Two Unsqueezes are one that leads to the same shape.
  Node* first = graph.producer(node.input(0));
  std::vector<Node*> nodes;
  for (; first && (first->is("Unsqueeze") || first->is("Reshape")); first = graph.producer(first->input(0)))
    nodes.insert(nodes.begin(), first);
  Node* join = graph.only_consumer(node.output());
  if (nodes.empty() || !join || !join->is("Reshape") || join->input(0) != node.output()) return;
  const Sizes *to = graph.shape(node.output()), *out = graph.shape(join->output());
  const Sizes* from = graph.shape(node.input(0));
  while (!nodes.empty()) {
    const Sizes* in = graph.shape(nodes.front()->input(0));
    if (!in || !to || !out || !from || to->size() != 6 || out->size() != 4 || from->size() != 6) return;
    if (in->size() == 4) break;
    nodes.erase(nodes.begin());
  }
  if (nodes.empty()) return;
  const std::string x = nodes.front()->input(0);
  const Sizes in = *graph.shape(x);
  const std::int64_t a = (*to)[3], b = (*to)[5];
  if (*from != Sizes{in[0], in[1], in[2], 1, in[3], 1} || *to != Sizes{in[0], in[1], in[2], a, in[3], b} ||
      *out != Sizes{in[0], in[1], a * in[2], b * in[3]})
    return;
  nodes.push_back(&node);
  nodes.push_back(join);
  if (!graph.are_alone(nodes, join->output())) return;
  Node fresh{.op = "UpSampling",
             .domain = std::string(kOwnDomain),
             .name = {},
             .inputs = {x},
             .outputs = {join->output()},
             .attributes = {{"size", std::vector<std::int64_t>{a, b}}}};
  rewriting.replace(nodes, std::move(fresh), "repeated rows and columns are an enlargement by the nearest pixel");
}

}  // namespace

void recognise_rearrangements(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_shuffle(rewriting, node); });
  rewriting.each([&](Node& node) { look_for_repetition(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
