#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/interchange/onnx/patterns/region.h"

namespace evenkeel::interchange::onnx {

/// What a region of means, sums, products and roots was found to compute of x:
///     y = scale * (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) + bias
/// or, if it is not centered, scale * x / sqrt(mean(x^2) + epsilon), with means over `axes`.
struct Standardization {
  bool centered = true;
  std::vector<int> axes;  ///< from 0, in order
  double epsilon = 0;
  std::string scale, bias;  ///< constants that the region reads; empty: there is none
};

/// A float as it was written before it became one: 1e-5, not 9.999999747378752e-06.
double as_written(double number);

/// Compares what the region computes of numbers in general position with that formula. Nothing if it computes something
/// else, or if scale or bias are not constants of the region as they are.
std::optional<Standardization> standardization_of(const Graph& graph, const Region& region);

}  // namespace evenkeel::interchange::onnx
