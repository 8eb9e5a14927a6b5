#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/nn/layer_builder.h"

namespace evenkeel {

/// Why a file's tensors are not the model's, in one sentence with what to do where one cause explains it (a prefix
/// before every name, PyTorch's names, transposed kernels, Keras's numbers), else with the first of those that do not
/// fit. Nothing where they are. `checkpoint`: names that begin with "@" are no layer's.
std::optional<Error> weights_misfit(const std::string& where, const formats::SafetensorsFile& file, bool checkpoint,
                                    const std::vector<WeightInfo>& weights);

}  // namespace evenkeel
