#include "evenkeel/interchange/keras/importer.h"

namespace evenkeel::interchange {

Imported import_keras(const std::filesystem::path& path, const ImportOptions& options) {
  return keras::imported_from(keras::open_file(path), options);
}

}  // namespace evenkeel::interchange
