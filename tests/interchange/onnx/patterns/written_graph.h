#pragma once

#include <map>
#include <string>

#include "evenkeel/interchange/onnx/patterns.h"

namespace evenkeel::interchange::onnx {

/// A graph as a text, a node per line, each after those that it reads:
///
///     s = Sigmoid(x)
///     m = ReduceMean{axes=[2, 3], keepdims=1}(x)
///     z:[N, 2, 2, 25] = Reshape(x, shape)
///     y = Mul(x, 0.5)
///
/// Numbers among the inputs are constants, and so are the names in `vectors` (an initializer of that shape, with
/// numbers of its own, or all `fill`). N is the batch. x is the input, [N, 4, 5, 5] if nothing else is given; y is the
/// output. The shape of a value is that of its inputs together, or that of ReduceMean, or as it is given after the
/// name.
struct WrittenGraph {
  struct Vector {
    Sizes shape;
    double fill = 0;  ///< 0: numbers of its own
  };
  std::string text;
  std::map<std::string, Vector> vectors = {};
  Sizes input = {kBatch, 4, 5, 5};
  std::vector<std::string> outputs = {"y"};
};

Graph graph_of(const WrittenGraph& written);

/// The graph after recognise(), a node per line: "y = Swish(x)"; axes of transpositions are written after them.
std::string recognised(const WrittenGraph& written);
/// The same, with what was recorded.
std::string recognised(const WrittenGraph& written, Record& record);
/// The nodes of a graph, as above.
std::string text_of(const Graph& graph);

}  // namespace evenkeel::interchange::onnx
