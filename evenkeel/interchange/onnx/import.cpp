#include "evenkeel/base/error.h"
#include "evenkeel/interchange/imported.h"

namespace evenkeel::interchange {

Imported import_onnx(const std::filesystem::path& path, const ImportOptions&) {
  throw Error{{.kind = Error::unsupported, .where = path.string(), .received = "not built yet"}};
}

}  // namespace evenkeel::interchange
