#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/interchange/onnx/graph.h"
#include "evenkeel/interchange/record.h"

namespace evenkeel::interchange::onnx {

/// How the output of one of our layers lies to a value of the file; all without the batch.
///
/// The value has the shape `foreign`. Seen in the finer shape `seen` (its axes split into factors; none of size 1),
/// with the axes in the order `axes`, it has our elements in our order; ours is that in the shape `ours`. So a Reshape
/// or a Transpose of the file changes how the value is seen and computes nothing, until a layer needs another order.
///
/// An image [C, H, W] of the file that is ours [H, W, C] has seen = [C, H, W] and axes = [1, 2, 0]; flattened to
/// [C*H*W] it is ours [H*W*C] with the same seen and axes.
struct View {
  std::string layer = {};  ///< or input of the model
  Sizes ours = {};
  Sizes foreign = {};
  Sizes seen = {};
  std::vector<int> axes = {};
  /// The last node of the file that gave it another shape or order: a layer that has to do so gets its name.
  const Node* pending = nullptr;
};

/// A layer's output that is the value `foreign` with its axes in this order (empty: as they are).
View view_of_layer(std::string layer, const Sizes& foreign, std::vector<int> order = {});

/// The same elements in another shape of the file; nothing if factors of both shapes cannot be found, such as for [6,
/// 4] as [4, 6].
std::optional<View> reshaped(const View& view, const Sizes& foreign);
/// The same with the file's axes in another order.
View transposed(const View& view, const std::vector<int>& order);

/// The axes of `seen` that make up each axis of `foreign`; none for one of size 1.
std::vector<std::vector<int>> factors_of(const View& view);
/// The order of the axes of `seen` if the file's axes come in this order.
std::vector<int> seen_order(const View& view, const std::vector<int>& order);
/// Whether ours has the file's axes in this order already, in whatever shape.
bool lies_in_order(const View& view, const std::vector<int>& order);
/// Whether the factors of this axis of the file are the innermost of ours, in whatever order.
bool is_innermost(const View& view, int axis);
/// 0, 1, 2, ...
std::vector<int> in_order(std::size_t count);

/// What has to be done to have the axes of `seen` in another order: seen as `shape`, with the axes `dims` (from 0).
struct Permutation {
  Sizes shape;
  std::vector<int> dims;
};
Permutation permutation_to(const View& view, const std::vector<int>& wanted);

/// How a vector over one axis of the file, such as a bias, lies to ours: it is seen in these factors with its axes in
/// this order. Empty: as it is.
struct VectorView {
  Sizes seen;
  std::vector<int> axes;
};
VectorView vector_view(const View& view, int axis);

}  // namespace evenkeel::interchange::onnx
