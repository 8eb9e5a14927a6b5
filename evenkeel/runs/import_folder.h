#pragma once

#include <filesystem>
#include <optional>

#include "evenkeel/interchange/imported.h"

namespace evenkeel {

/// Names of the files in an imported network's folder, besides model.toml and weights.safetensors.
inline constexpr const char* kImportRecord = "import.json";
inline constexpr const char* kImportedSlots = "optimizer.safetensors";  ///< where the file had an optimizer's state

/// Makes the folder of an imported network: model.toml, weights.safetensors, import.json, and optimizer.safetensors if
/// there are slots. It appears whole or not at all. Throws Error if `folder` is there and is neither empty nor the
/// folder of an earlier import, if the weights are not the model's, or if it cannot be written.
void write_import_folder(const interchange::Imported& imported, const std::filesystem::path& folder);

/// Throws Error if write_import_folder would refuse `folder`: to be called before the work begins.
void check_import_folder(const std::filesystem::path& folder);

/// import.json of a folder; nothing if it has none. Throws Error if it is damaged.
std::optional<interchange::Record> import_record_in(const std::filesystem::path& folder);

/// Writes import.json into a folder that holds the same model.
void write_import_record(const interchange::Record& record, const std::filesystem::path& folder);

/// The file that a record is of. Throws Error if it is not there any more, or has changed since it was imported. A
/// relative path is looked for where the program runs.
std::filesystem::path original_file(const interchange::Record& record);

/// For Record::checksum.
std::string checksum_of(const std::filesystem::path& file);

}  // namespace evenkeel
