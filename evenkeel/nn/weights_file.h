#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "evenkeel/nn/layer_builder.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

inline constexpr const char* kWeightsFormat = "evenkeel-weights-1";
/// A training run's (train/checkpoint.h): the weights, and tensors whose names begin with "@", which no layer's does.
inline constexpr const char* kCheckpointFormat = "evenkeel-checkpoint-1";

/// Writes a model's tensors, in its order, as float32 into one safetensors file that replaces `path` atomically.
/// `metadata` may say "model" (the model file's text) and "class_names" (a JSON array); "format" is added.
void save_weights(const std::filesystem::path& path, const std::vector<WeightInfo>& weights, const Store& store,
                  std::map<std::string, std::string> metadata = {});

/// Reads a model's tensors (float32 or float64 in the file) into the store of one of its programs; returns the file's
/// metadata. A file that has just the tensors, written by Python, loads as well, and so does a checkpoint. Throws Error
/// that names every missing, surplus and misshapen tensor; then the store is as it was. Values are not judged: NaN
/// loads too.
std::map<std::string, std::string> load_weights(const std::filesystem::path& path,
                                                const std::vector<WeightInfo>& weights, Store& store);

}  // namespace evenkeel
