#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "evenkeel/interchange/onnx/patterns/region.h"

namespace evenkeel::interchange::onnx {

/// A few numbers with a shape, row-major.
struct Array {
  Sizes shape;
  std::vector<double> values;
};

/// x repeated to a shape that it can be broadcast to; nothing if it cannot.
std::optional<Array> broadcast_to(const Array& x, const Sizes& shape);
/// A constant as numbers.
Array array_of(const Tensor& tensor);

/// Whether Calculation computes this node, and the operator yields for each element a function of that element (and of
/// constants).
bool is_elementwise(const Node& node);
/// The same for additions, products, powers and means: what has no bends, so that agreement at a few points in general
/// position is agreement everywhere.
bool is_smooth(const Node& node, const Graph& graph);

/// The axes of a ReduceMean, from 0 and in order; nothing if they are not known.
std::optional<std::vector<int>> reduced_axes(const Graph& graph, const Node& node);

/// What a region computes of some numbers, in double precision. Each value of it is kept. Constants whose elements are
/// all the same take part as one number, so that x may have any shape where there are no others.
class Calculation {
 public:
  explicit Calculation(const Graph& graph) : graph_(graph) {}
  /// False if something in it is not known to us, or the shapes do not fit.
  bool run(const Region& region, Array x);
  const Array& at(const std::string& value) const { return values_.at(value); }

 private:
  std::optional<Array> value_of(const std::string& name) const;
  std::optional<Array> compute(const Node& node) const;
  const Graph& graph_;
  std::unordered_map<std::string, Array> values_;
};

}  // namespace evenkeel::interchange::onnx
