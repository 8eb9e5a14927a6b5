#pragma once

#include "evenkeel/base/error.h"
#include "evenkeel/interchange/onnx/graph.h"

// What operators say in attributes or, from some opset on, in inputs that are constants.

namespace evenkeel::interchange::onnx {

/// The number of elements. Throws Error where it does not fit into 63 bits.
std::int64_t product(std::span<const std::int64_t> sizes);
std::string to_text(const Sizes& sizes);  ///< "[N, 3, 224, 224]"

/// The whole numbers of a constant; nothing if the value is not one.
std::optional<Sizes> whole_numbers(const Graph& graph, const std::string& value);
/// A list that is an attribute, or the i-th input in later opsets. Nothing where it is not given. Throws Error where
/// the input is not constant.
std::optional<Sizes> list_of(const Graph& graph, const Node& node, const std::string& attribute, std::size_t input);
/// The same for one number, which may be a float.
std::optional<double> number_of(const Graph& graph, const Node& node, const std::string& attribute, std::size_t input);

/// An axis of a value of that rank, counted from the end if it is negative. Throws Error if there is none.
int axis_of(std::int64_t axis, int rank, const Node& node);
/// The same for several, sorted, each once.
std::vector<int> axes_of(const Sizes& axes, int rank, const Node& node);

/// The shape of the i-th input. Throws Error of kind unsupported if it is not known.
const Sizes& shape_of(const Graph& graph, const Node& node, std::size_t i = 0);

/// What both shapes are repeated to. Throws Error if they do not go together.
Sizes broadcast(const Sizes& a, const Sizes& b, const Node& node);

/// The window of a convolution or pooling along each axis, with its padding in numbers.
struct WindowOf {
  Sizes kernel, strides, dilations, begin, end, outputs;
  bool same = false;  ///< the padding is that of SAME_UPPER
};
WindowOf window_of(const Node& node, const Sizes& spatial, const Sizes& kernel);
/// The same of a transposed convolution, with what is added at the end of the output.
struct TransposedWindow : WindowOf {
  Sizes added;
};
TransposedWindow transposed_window_of(const Node& node, const Sizes& spatial, const Sizes& kernel);

/// The shape that a Reshape asks for, of a value of shape `in`. A file with a fixed batch has its number in the target.
Sizes reshaped_to(const Graph& graph, const Node& node, const Sizes& in, Sizes target);

/// What a Slice takes along each axis that it names: elements begin, begin + step, ... before end.
struct Taken {
  int axis = 0;
  std::int64_t begin = 0, end = 0, step = 1;
  std::int64_t count() const;
};
std::vector<Taken> slices_of(const Graph& graph, const Node& node, const Sizes& in);
/// What the outputs of a Split get, in turn.
std::vector<Taken> parts_of(const Graph& graph, const Node& node, const Sizes& in);

/// Elements that a Pad adds before and after each axis (negative: takes away).
struct Added {
  Sizes before, after;
};
Added padding_of(const Graph& graph, const Node& node, const Sizes& in);

/// The shape that a Resize or Upsample makes, and its factors along each axis.
struct Resized {
  Sizes sizes;
  std::vector<double> scales;
};
Resized resized_of(const Graph& graph, const Node& node, const Sizes& in);

[[noreturn]] void refuse(const Node& node, const std::string& expected, const std::string& received);
/// The same of kind unsupported: what the operator says is right, and we do not have it.
[[noreturn]] void unsupported(const Node& node, const std::string& what);

}  // namespace evenkeel::interchange::onnx
