#pragma once

#include <string>
#include <vector>

#include "evenkeel/formats/safetensors.h"
#include "evenkeel/interchange/record.h"
#include "evenkeel/nn/model.h"

namespace evenkeel::interchange {

/// The tensors of a model from a state_dict of PyTorch, saved as .safetensors: kernels [out, in, h, w], weights of
/// Linear [out, in] whose columns after a Flatten are in the order (c, h, w), running_mean and running_var. Modules are
/// found by the names in `record` (nullptr: none), by the names of our layers, without a prefix that all names share
/// ("module."), or by their shapes where those fit in one way only; `notes` gets a sentence on the last two.
/// num_batches_tracked is used where a layer counts batches, and else left out. Throws Error that lists missing and
/// unexpected keys and sizes that differ, as load_state_dict does.
formats::SafetensorsFile from_state_dict(const Model& model, const formats::SafetensorsFile& dict,
                                         const Record* record = nullptr, std::vector<std::string>* notes = nullptr);

/// The same way back: what PyTorch's load_state_dict reads, with the names of the record or "<layer>.weight", ".bias",
/// ".running_mean", ".running_var" and ".num_batches_tracked" (int64; 0 unless the layer counts batches). `notes` gets
/// sentences on what PyTorch has no name for. Its metadata is {"format": "pt"}, which transformers asks for.
formats::SafetensorsFile to_state_dict(const Model& model, const formats::SafetensorsFile& weights,
                                       const Record* record = nullptr, std::vector<std::string>* notes = nullptr);

}  // namespace evenkeel::interchange
