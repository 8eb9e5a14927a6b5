#include "evenkeel/formats/safetensors.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  formats::SafetensorsFile file;
  if (!fuzz::accepts([&] { file = formats::decode_safetensors(fuzz::bytes_of(data, size), "input"); })) return 0;
  std::vector<formats::SafetensorsEntry> entries;
  for (const auto& [name, tensor] : file.tensors) entries.push_back({name, tensor});
  formats::write_safetensors(folder / "x.safetensors", entries, file.metadata);
  const formats::SafetensorsFile read = formats::read_safetensors(folder / "x.safetensors");
  fuzz::require(read.metadata == file.metadata && read.tensors.size() == file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    const Tensor* again = read.find(name);
    fuzz::require(again && fuzz::equal(*again, tensor));
  }
  return 0;
}
