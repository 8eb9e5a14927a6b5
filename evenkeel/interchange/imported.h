#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "evenkeel/formats/safetensors.h"
#include "evenkeel/interchange/record.h"
#include "evenkeel/nn/model_file.h"

namespace evenkeel::interchange {

/// A network from another program's file: what we train and save ourselves, and what is known of the file.
struct Imported {
  ModelFile file;                    ///< with `training` where the file has an optimizer and a loss
  formats::SafetensorsFile weights;  ///< all tensors of the model: our names and layouts, float32
  Record record;
  /// Slots of the optimizer in `file.training`, in the names of our checkpoints; empty if the file has none.
  formats::SafetensorsFile slots = {};
};

struct ImportOptions {
  std::optional<Shape> input_shape = {};  ///< [H, W, C] or [F]: of the first input, where the file leaves it open
};

/// Whether this is the name of a file that can be imported: .onnx, .keras, .h5 or .hdf5.
bool is_foreign(const std::filesystem::path& path);

/// Reads a network from an .onnx, .keras or .h5 file. Throws Error where the file is damaged, or uses what we do not
/// have: then one error of kind unsupported names all operators or layers, with their counts. Nothing is written.
Imported import_network(const std::filesystem::path& path, const ImportOptions& options = {});

/// The readers themselves (import_network chooses by the name's ending).
Imported import_onnx(const std::filesystem::path& path, const ImportOptions& options = {});
Imported import_keras(const std::filesystem::path& path, const ImportOptions& options = {});

/// The file that `record` is of, with the tensors of `weights` (our names and layouts) in place of its own: same
/// structure and names, every other byte as it was where the format allows. Only tensors that differ are replaced.
/// Writes `out` atomically. Returns our names of the tensors that were replaced.
/// Throws Error if `original` is not the file of the record, or if a tensor that differs has no place in it.
std::vector<std::string> rewrite_onnx(const std::filesystem::path& original, const Record& record,
                                      const formats::SafetensorsFile& weights, const std::filesystem::path& out);
std::vector<std::string> rewrite_keras(const std::filesystem::path& original, const Record& record,
                                       const formats::SafetensorsFile& weights, const std::filesystem::path& out);

struct ExportOptions {
  bool training = false;  ///< noise layers and normalizations in training mode, where the format has them
  bool fold = false;      ///< ONNX, not with `training`: normalizations folded into the linear layers before them
};

/// Writes a model and its weights (our names and layouts) as a file of another program, atomically: .onnx or .keras by
/// the ending. Returns sentences on what the format cannot say. With the `record` of the file that a model was imported
/// from, layers and tensors get their foreign names. Throws Error of kind unsupported that lists all layers which the
/// format cannot express.
std::vector<std::string> export_onnx(const Model& model, const formats::SafetensorsFile& weights,
                                     const std::filesystem::path& out, const ExportOptions& options = {},
                                     const Record* record = nullptr);
std::vector<std::string> export_keras(const Model& model, const formats::SafetensorsFile& weights,
                                      const std::filesystem::path& out, const Record* record = nullptr);

}  // namespace evenkeel::interchange
