#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "evenkeel/formats/hdf5.h"
#include "evenkeel/formats/zip.h"

namespace evenkeel::interchange::keras {

using Json = nlohmann::ordered_json;

/// A .keras or .h5 file in memory, by its content, whatever its name ends in.
struct File {
  std::string where = {};          ///< its path, for errors
  bool is_archive = false;         ///< .keras: a zip archive; else HDF5
  Json config = {};                ///< of the model
  Json training = {};              ///< of compile(); null where the model was not compiled
  std::string keras_version = {};  ///< "3.15.1"; empty: unknown
  std::string backend = {};        ///< of .h5 files: "tensorflow"
  formats::Bytes weights = {};     ///< the HDF5 file
  formats::Hdf5File tree = {};     ///< what is in it

  /// Whether Keras 2 wrote it (or tf.keras, or tf_keras), whose layers differ in some details.
  bool is_keras_2() const { return keras_version.starts_with("1.") || keras_version.starts_with("2."); }
};

inline constexpr const char* kConfigMember = "config.json";
inline constexpr const char* kMetadataMember = "metadata.json";
inline constexpr const char* kWeightsMember = "model.weights.h5";

/// Reads a file. Throws Error where it is damaged, or has weights without a model.
File open_file(const std::filesystem::path& path);
/// The same from bytes; `where` is the place that errors report.
File open_bytes(formats::Bytes bytes, const std::string& where);

}  // namespace evenkeel::interchange::keras
