#include <algorithm>

#include "evenkeel/interchange/onnx/patterns/calculation.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

namespace evenkeel::interchange::onnx {
namespace {

/// A ReduceMean with its axes where this opset has them.
Node mean_node(Graph& graph, const std::string& x, const std::string& y, const std::vector<int>& axes, bool keep) {
  Node node{.op = "ReduceMean",
            .domain = {},
            .name = {},
            .inputs = {x},
            .outputs = {y},
            .attributes = {{"keepdims", std::int64_t{keep}}}};
  const std::vector<std::int64_t> numbers(axes.begin(), axes.end());
  constexpr std::int64_t kAxesAreAnInput = 18;
  if (graph.opset < kAxesAreAnInput)
    node.attributes["axes"] = numbers;
  else
    node.inputs.push_back(graph.add_constant(
        y + "/axes", Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, std::span(numbers))));
  return node;
}

/// A mean that loses its axes, and a Reshape or Unsqueeze that puts them back.
void look_for_kept_axes(Rewriting& rewriting, Node& mean) {
  Graph& graph = rewriting.graph();
  if (!mean.is("ReduceMean") || mean.integer("keepdims", 1) != 0) return;
  const auto axes = reduced_axes(graph, mean);
  Node* next = graph.only_consumer(mean.output());
  if (!axes || !next || (!next->is("Reshape") && !next->is("Unsqueeze")) || next->input(0) != mean.output()) return;
  Sizes kept = *graph.shape(mean.input(0));
  for (const int axis : *axes) kept[static_cast<std::size_t>(axis)] = 1;
  const Sizes* out = graph.shape(next->output());
  if (!out || *out != kept) return;
  const std::vector<Node*> nodes = {&mean, next};
  rewriting.replace_silently(nodes, mean_node(graph, mean.input(0), next->output(), *axes, true));
}

/// A mean of means that lose their axes: the mean over both.
void look_for_mean_of_means(Rewriting& rewriting, Node& second) {
  Graph& graph = rewriting.graph();
  Node* first = graph.producer(second.input(0));
  if (!second.is("ReduceMean") || !first || !first->is("ReduceMean")) return;
  const bool keep = first->integer("keepdims", 1) != 0;
  if (keep != (second.integer("keepdims", 1) != 0)) return;
  auto axes = reduced_axes(graph, *first);
  const auto more = reduced_axes(graph, second);
  const std::vector<Node*> nodes = {first, &second};
  if (!axes || !more || !graph.are_alone(nodes, second.output())) return;
  std::vector<int> left;
  for (int axis = 0; axis < graph.rank(first->input(0)); ++axis)
    if (keep || std::ranges::find(*axes, axis) == axes->end()) left.push_back(axis);
  for (const int axis : *more) {
    const int original = left[static_cast<std::size_t>(axis)];
    if (std::ranges::find(*axes, original) != axes->end()) return;
    axes->push_back(original);
  }
  std::ranges::sort(*axes);
  rewriting.replace(nodes, mean_node(graph, first->input(0), second.output(), *axes, keep),
                    "a mean of means is one mean");
}

/// An AveragePool whose window is the whole image.
void look_for_full_window(Rewriting& rewriting, Node& pool) {
  Graph& graph = rewriting.graph();
  if (!pool.is("AveragePool")) return;
  const Sizes *in = graph.shape(pool.input(0)), *out = graph.shape(pool.output());
  if (!in || !out || in->size() < 3 || out->size() != in->size()) return;
  const auto is_not = [](std::int64_t n) { return [n](std::int64_t size) { return size != n; }; };
  if (pool.integers("kernel_shape") != Sizes(in->begin() + 2, in->end())) return;
  if (std::ranges::any_of(pool.integers("pads"), is_not(0)) ||
      std::ranges::any_of(pool.integers("dilations"), is_not(1)))
    return;
  if (std::any_of(out->begin() + 2, out->end(), is_not(1))) return;
  const std::string padding = pool.text("auto_pad", "NOTSET");
  if (padding != "NOTSET" && padding != "VALID") return;
  Node fresh{.op = "GlobalAveragePool",
             .domain = {},
             .name = pool.name,
             .inputs = {pool.input(0)},
             .outputs = {pool.output()}};
  rewriting.replace({&pool}, std::move(fresh), "an average over a window as large as the image is a global average");
}

}  // namespace

void recognise_means(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_kept_axes(rewriting, node); });
  rewriting.each([&](Node& node) { look_for_mean_of_means(rewriting, node); });
  rewriting.each([&](Node& node) { look_for_full_window(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
