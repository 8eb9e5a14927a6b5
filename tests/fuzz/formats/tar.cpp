#include "evenkeel/formats/tar.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto archive = folder.write("x.tar", fuzz::bytes_of(data, size));
  fuzz::accepts([&] { formats::unpack_tar(archive, folder / "inside", [](std::uint64_t) { return true; }); });
  std::filesystem::remove_all(folder / "inside");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) fuzz::require(entry.path() == archive);
  return 0;
}
