#include "evenkeel/nn/model_file.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ModelFile file{.model = Model({1})};
  if (!fuzz::accepts([&] { file = parse_model_file(fuzz::text_of(fuzz::bytes_of(data, size)), "input"); })) return 0;
  const std::string text = write_model_file(file);
  const ModelFile read = parse_model_file(text, "round trip");
  fuzz::require(write_model_file(read) == text && read.training == file.training);
  return 0;
}
