#include "evenkeel/interchange/onnx/patterns/calculation.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

namespace evenkeel::interchange::onnx {
namespace {

/// The one axis that a node reduces and keeps; -1 if it does not.
int one_kept_axis(const Graph& graph, const Node* node, std::string_view op, const std::string& of) {
  if (!node || !node->is(op) || node->input(0) != of || node->integer("keepdims", 1) == 0) return -1;
  const auto axes = reduced_axes(graph, *node);
  return axes && axes->size() == 1 ? axes->front() : -1;
}

/// The nodes of exp(x) or exp(x - max(x)), the maximum over `axis`; empty if it is neither. Sets x.
std::vector<Node*> exponential(Graph& graph, Node* exp, int axis, std::string& x) {
  x = exp->input(0);
  Node* difference = graph.producer(x);
  Node* maximum = difference && difference->is("Sub") ? graph.producer(difference->input(1)) : nullptr;
  if (one_kept_axis(graph, maximum, "ReduceMax", difference ? difference->input(0) : x) != axis) return {exp};
  x = difference->input(0);
  return {maximum, difference, exp};
}

/// exp(d) / sum(exp(d)), or d - log(sum(exp(d))), with d = x or x - max(x).
void look_for_softmax(Rewriting& rewriting, Node& last) {
  Graph& graph = rewriting.graph();
  const bool is_log = last.is("Sub");
  if (!is_log && !last.is("Div")) return;
  Node* logarithm = is_log ? graph.producer(last.input(1)) : nullptr;
  if (is_log && (!logarithm || !logarithm->is("Log"))) return;
  Node* sum = graph.producer(is_log ? logarithm->input(0) : last.input(1));
  Node* exp = sum ? graph.producer(sum->input(0)) : nullptr;
  if (!exp || !exp->is("Exp") || last.input(0) != (is_log ? exp->input(0) : exp->output())) return;
  const int axis = one_kept_axis(graph, sum, "ReduceSum", exp->output());
  // Until opset 12 the operator takes all axes from this one on.
  const bool says_the_same = graph.opset >= 13 || axis == graph.rank(exp->output()) - 1;
  if (axis < 1 || !says_the_same) return;
  std::string x;
  std::vector<Node*> nodes = exponential(graph, exp, axis, x);
  nodes.push_back(sum);
  if (logarithm) nodes.push_back(logarithm);
  nodes.push_back(&last);
  if (!graph.are_alone(nodes, last.output())) return;
  Node fresh{.op = is_log ? "LogSoftmax" : "Softmax",
             .domain = {},
             .name = {},
             .inputs = {x},
             .outputs = {last.output()},
             .attributes = {{"axis", std::int64_t{axis}}}};
  rewriting.replace(nodes, std::move(fresh),
                    is_log ? "x - log(sum(exp(x))) is a log-softmax" : "exp(x) / sum(exp(x)) is a softmax");
}

}  // namespace

void recognise_softmax(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_softmax(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
