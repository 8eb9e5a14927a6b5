#include "evenkeel/base/error.h"
#include "evenkeel/interchange/imported.h"

namespace evenkeel::interchange {

std::vector<std::string> export_onnx(const Model&, const formats::SafetensorsFile&, const std::filesystem::path& out,
                                     const ExportOptions&, const Record*) {
  throw Error{{.kind = Error::unsupported, .where = out.string(), .received = "not built yet"}};
}

std::vector<std::string> rewrite_onnx(const std::filesystem::path& original, const Record&,
                                      const formats::SafetensorsFile&, const std::filesystem::path&) {
  throw Error{{.kind = Error::unsupported, .where = original.string(), .received = "not built yet"}};
}

}  // namespace evenkeel::interchange
