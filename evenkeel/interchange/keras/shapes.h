#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "evenkeel/nn/model.h"
#include "evenkeel/program/program.h"

namespace evenkeel::interchange::keras {

/// Shapes and tensors of a model's layers, found one by one as the layers are added.
class Shapes {
 public:
  void add_input(const std::string& name, const Shape& sample);
  /// Returns the layer's own tensors. Throws Error where the layer does not fit its inputs.
  std::vector<WeightInfo> add(const Layer& layer, const std::vector<std::string>& inputs);
  /// With the batch, of 1; of an input or a layer.
  const Shape& of(const std::string& name) const { return shapes_.at(name); }

 private:
  Program program_;
  std::vector<WeightInfo> weights_;
  std::unordered_map<std::string, Value> values_;
  std::unordered_map<std::string, Shape> shapes_;
};

}  // namespace evenkeel::interchange::keras
