#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "evenkeel/formats/safetensors.h"
#include "evenkeel/nn/layer_builder.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

inline constexpr const char* kWeightsFormat = "evenkeel-weights-1";
/// A checkpoint of a training run (train/checkpoint.h): the weights, and tensors whose names begin with "@", as no name
/// of a layer does.
inline constexpr const char* kCheckpointFormat = "evenkeel-checkpoint-1";

/// Writes a model's tensors, in the model's order, as float32 into one safetensors file that replaces `path`
/// atomically. `metadata` may have "model" (the model file's text) and "class_names" (a JSON array); "format" is added.
void save_weights(const std::filesystem::path& path, const std::vector<WeightInfo>& weights, const Store& store,
                  std::map<std::string, std::string> metadata = {});

/// Reads a model's tensors (float32 or float64 in the file) into the store of one of its programs; returns the file's
/// metadata. A file with only the tensors, written by Python, loads as well, and so does a checkpoint. Throws Error,
/// which says why the tensors are not the model's (weights_misfit.h); then the store is unchanged. Values are
/// not checked: NaN loads too.
std::map<std::string, std::string> load_weights(const std::filesystem::path& path,
                                                const std::vector<WeightInfo>& weights, Store& store);
/// The same from a file's content in memory, which `where` names in errors. Each tensor is released once it is in the
/// store, so that both together take little more memory than one of them.
std::map<std::string, std::string> load_weights(formats::SafetensorsFile&& file, const std::string& where,
                                                const std::vector<WeightInfo>& weights, Store& store);

}  // namespace evenkeel
