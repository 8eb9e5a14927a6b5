#pragma once

#include "evenkeel/interchange/onnx/converter.h"

// What the operators of several families do to find their inputs in the order that our layers expect.

namespace evenkeel::interchange::onnx {

/// The axes 1, 2, ..., 0 of [C, positions ...].
std::vector<int> last_order(std::size_t count);

/// The view with this axis of the file innermost: ours is [..., size of the axis]. It may be in factors of another
/// order (vector_view).
View innermost(Converter& converter, const Node& node, const View& view, int axis);

/// The same value from a layer that changes no places.
View same_place(const View& view, std::string layer);

/// The order of the file's axes that ours has, if none of them is split.
std::optional<std::vector<int>> order_of(const View& view);

/// An image or a sequence [C, H, W] or [C, L] as [H, W, C] or [1, L, C] here. Throws Error of kind unsupported for
/// others.
View as_image(Converter& converter, const Node& node, const View& view);
/// What a layer makes of such an image: `foreign` is [C, H, W] or [C, L].
View view_of_image(std::string layer, const Sizes& foreign);

/// A weight [size] over one axis of a view.
Weight vector_weight(const View& view, int axis, const std::string& tensor, const std::string& constant);

std::int64_t count_of(const Sizes& sizes);

/// One number `count` times, where the file has it once. Throws Error of kind unsupported for more than a network has:
/// a few bytes of a file must not become gigabytes.
Tensor repeated_number(const Node& node, std::int64_t count, double number);

/// A constant's sizes as those of a sample with `rank` axes, with 1 where it has none. Throws Error of kind unsupported
/// if it has several samples.
Sizes sample_sizes(const Node& node, const Shape& constant, std::size_t rank);

}  // namespace evenkeel::interchange::onnx
