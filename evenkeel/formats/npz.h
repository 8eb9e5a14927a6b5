#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/npy.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// The arrays of an .npz file by name (without .npy): stored or deflated members, zip64 or not, checked by their crc.
/// With `only`, just those of these names that exist; empty reads all. Members that are not .npy files are ignored.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& path, const std::vector<std::string>& only = {});
/// The same from bytes; `name` is the place that errors report.
std::map<std::string, Tensor> decode_npz(BytesView bytes, const std::string& name,
                                         const std::vector<std::string>& only = {});

/// The names of its arrays, in the file's order.
std::vector<std::string> npz_names(const std::filesystem::path& path);

/// As read_npz, but also accepts arrays of texts.
std::map<std::string, std::variant<Tensor, TextArray>> read_npz_or_texts(const std::filesystem::path& path,
                                                                         const std::vector<std::string>& only);

struct NpzEntry {
  std::string name;  ///< without .npy
  TensorView tensor;
};
/// Writes what numpy.load reads; zip64 where sizes need it. Replaces `path` atomically.
void write_npz(const std::filesystem::path& path, const std::vector<NpzEntry>& entries, bool compressed = false);

}  // namespace evenkeel::formats
