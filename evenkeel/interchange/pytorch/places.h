#pragma once

#include <string>
#include <vector>

#include "evenkeel/interchange/record.h"
#include "evenkeel/nn/layer_builder.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/nn/tensor_role.h"

namespace evenkeel::interchange {

/// Where PyTorch has one of our tensors.
struct TorchPlace {
  WeightInfo info;
  TensorRole role = TensorRole::other;
  std::string part;     ///< of the module: "weight", "running_mean", "pointwise.weight"
  TensorRecord record;  ///< the layout, and our name; `foreign` is the layer's name with the part, or the record's name
  bool is_named = false;  ///< by the record of an import
};

/// The places of all tensors of a model in its order, with PyTorch's names where `record` has them.
std::vector<TorchPlace> torch_places(const Model& model, const Record* record);

/// "a.b" of "a.b.weight"; empty for "weight".
std::string module_of(const std::string& key);

}  // namespace evenkeel::interchange
