#include "evenkeel/base/text.h"
#include "evenkeel/interchange/imported.h"

namespace evenkeel::interchange {

namespace fs = std::filesystem;

bool is_foreign(const fs::path& path) {
  const std::string ending = path.extension().string();
  return same_name(ending, ".onnx") || same_name(ending, ".keras") || same_name(ending, ".h5") ||
         same_name(ending, ".hdf5");
}

Imported import_network(const fs::path& path, const ImportOptions& options) {
  if (!is_foreign(path))
    throw Error{
        {.where = path.string(),
         .expected = "a network's file: .onnx, .keras, .h5 or .hdf5",
         .received = path.extension().empty() ? "a name without an ending" : '"' + path.extension().string() + '"'}};
  return same_name(path.extension().string(), ".onnx") ? import_onnx(path, options) : import_keras(path, options);
}

}  // namespace evenkeel::interchange
