#include "evenkeel/formats/npz.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  std::map<std::string, Tensor> arrays;
  if (!fuzz::accepts([&] { arrays = formats::decode_npz(fuzz::bytes_of(data, size), "input"); })) return 0;
  std::vector<formats::NpzEntry> entries;
  for (const auto& [name, tensor] : arrays) entries.push_back({name, tensor});
  formats::write_npz(folder / "x.npz", entries, size % 2 == 0);
  const auto read = formats::read_npz(folder / "x.npz");
  fuzz::require(std::ranges::equal(read, arrays, [](const auto& a, const auto& b) {
    return a.first == b.first && fuzz::equal(a.second, b.second);
  }));
  return 0;
}
