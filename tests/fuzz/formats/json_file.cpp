#include "evenkeel/formats/json_file.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto file = folder.write("x.json", fuzz::bytes_of(data, size));
  nlohmann::ordered_json json;
  if (!fuzz::accepts([&] { json = formats::read_json(file); }) || json.is_discarded()) return 0;
  const nlohmann::json sorted = json;
  folder.write("x.json", json.dump());
  fuzz::require(formats::read_json(file) == json && sorted.size() == json.size());
  return 0;
}
