#pragma once

#include <onnx.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/formats/onnx/streamed_model.h"
#include "evenkeel/interchange/imported.h"

// What this program writes into the metadata of its ONNX files, beside the graph: the model file's text and where each
// tensor is. With it such a file comes back as the same model to the bit, with what ONNX cannot say. It is believed
// only as long as the graph is the one that it was written with.

namespace evenkeel::interchange {

inline constexpr const char* kOwnModel = "evenkeel.model";      ///< the model file's text
inline constexpr const char* kOwnRecord = "evenkeel.record";    ///< JSON: the Record of the file
inline constexpr const char* kOwnTensors = "evenkeel.tensors";  ///< JSON: tensors that have no place in the graph
inline constexpr const char* kOwnGraph = "evenkeel.graph";      ///< the graph's fingerprint

/// Numbers that change with anything in a graph but the values of the tensors that `record` has places for.
/// `constants`: the graph's initializers; those in the message count too.
std::string graph_fingerprint(const formats::onnx::GraphProto& graph,
                              const std::vector<formats::StreamedTensor>& constants, const Record& record);

/// Adds the metadata. `record` is that of the file that is being written.
void add_own_model(formats::onnx::ModelProto& model, const std::vector<formats::StreamedTensor>& initializers,
                   const ModelFile& file, const formats::SafetensorsFile& weights, const Record& record);

/// A model that this program wrote, from its metadata; nothing for other files, or where the graph has changed since.
/// The initializers must be in the message; their numbers are taken out of it. Throws Error where the metadata is
/// damaged.
std::optional<Imported> import_own_model(formats::onnx::ModelProto& model, const std::string& where);

}  // namespace evenkeel::interchange
