#pragma once

#include <string>
#include <vector>

#include "evenkeel/interchange/onnx/patterns/region.h"

namespace evenkeel::interchange::onnx {

/// Whether a constant has a number for each place along these neighbouring axes of a value of that rank, and the same
/// numbers along all others: [C, 1, 1] along axis 1 of four.
bool lies_along(const Graph& graph, const std::string& constant, const Sizes& shape, const std::vector<int>& axes);

/// The order of axes that brings channels from the last place to axis 1, or from there to the last place.
std::vector<std::int64_t> channels_to_axis_1(int rank);
std::vector<std::int64_t> channels_to_the_end(int rank);

/// Replaces nodes by one that reads its first input, and makes its output, with axes in another order: puts a Transpose
/// by `order` in front of it and the inverse after it.
void replace_transposed(Rewriting& rewriting, const std::vector<Node*>& nodes, Node fresh, const std::string& what,
                        const std::vector<std::int64_t>& order);

}  // namespace evenkeel::interchange::onnx
