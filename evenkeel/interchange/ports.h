#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/interchange/record.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::interchange {

/// Arrays [N, ...] for the inputs of an imported model, which have the names and layouts of its own file, under our
/// names and in our layouts. One input takes a single array of any name; other arrays are left out. Throws Error if an
/// array is missing or has another shape; `where` is the file of the arrays.
std::map<std::string, Tensor> inputs_of_ours(const Record& record, const Model& model,
                                             const std::map<std::string, Tensor>& arrays, const std::string& where);

/// Outputs [N, ...] by the names of our layers, under the names and in the layouts of the model's own file.
std::vector<std::pair<std::string, Tensor>> outputs_as_theirs(const Record& record,
                                                              std::vector<std::pair<std::string, Tensor>> outputs);

/// An array that another program got as the output of this layer of ours, as [N, ...] in our layout; as it is, if the
/// record does not know the output or the array is not in the foreign shape. `ours` is our shape of a sample.
Tensor output_of_ours(const Record& record, const std::string& layer, const Tensor& theirs, const Shape& ours);

}  // namespace evenkeel::interchange
