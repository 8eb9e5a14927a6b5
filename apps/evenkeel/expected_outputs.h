#pragma once

#include <optional>
#include <string>

#include "evenkeel/interchange/record.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::app {

/// What another program got as the model's main output, from an .npz file: the array "outputs", "scores", or of the
/// output's name in the model's own file or in ours; a single array under any name. In our layout, [N, K], where the
/// file's layout is known from the record. Throws Error if there is none.
Tensor expected_outputs(const std::string& file, const Model& model, const std::optional<interchange::Record>& record);

}  // namespace evenkeel::app
