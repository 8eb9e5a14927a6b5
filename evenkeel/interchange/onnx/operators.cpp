#include "evenkeel/interchange/onnx/converter.h"

namespace evenkeel::interchange::onnx {

Operator find_operator(const Node& node) {
  static const Operators all = [] {
    Operators operators;
    add_linear_operators(operators);
    add_normalizations(operators);
    add_activations(operators);
    add_arithmetic(operators);
    add_poolings(operators);
    add_shape_operators(operators);
    add_slices(operators);
    add_resizing(operators);
    add_own_operators(operators);
    return operators;
  }();
  const auto found = all.find(node.domain.empty() ? node.op : node.domain + '.' + node.op);
  return found == all.end() ? nullptr : found->second;
}

}  // namespace evenkeel::interchange::onnx
