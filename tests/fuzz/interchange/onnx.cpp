#include "evenkeel/interchange/imported.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

namespace {

/// What was read stands on its own: the model is one of ours, and the file keeps its weights where the record says.
void check(const interchange::Imported& net, const fuzz::Folder& folder) {
  const std::string text = write_model_file(net.file);
  fuzz::require(write_model_file(parse_model_file(text, "round trip")) == text);
  // A file that cannot hold its own weights again (a constant of two layers) may say so; it changes nothing silently.
  std::vector<std::string> replaced;
  if (fuzz::accepts([&] {
        replaced = interchange::rewrite_onnx(folder / "net.onnx", net.record, net.weights, folder / "again.onnx");
      }))
    fuzz::require(replaced.empty());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  folder.write("net.onnx", fuzz::bytes_of(data, size));
  interchange::Imported net{.file = {.model = Model({1})}};
  if (fuzz::accepts([&] { net = interchange::import_onnx(folder / "net.onnx"); })) check(net, folder);
  return 0;
}
