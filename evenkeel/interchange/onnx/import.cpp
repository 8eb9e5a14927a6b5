#include "evenkeel/base/error.h"
#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/onnx/own_model.h"

namespace evenkeel::interchange {

Imported import_onnx(const std::filesystem::path& path, const ImportOptions&) {
  const formats::Source source(path);
  const auto model = formats::read_onnx_model(source);
  if (auto own = import_own_model(*model, path.string())) return std::move(*own);
  throw Error{{.kind = Error::unsupported, .where = path.string(), .received = "not built yet"}};
}

}  // namespace evenkeel::interchange
