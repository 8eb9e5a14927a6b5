#include "evenkeel/data/fetch/partial_file.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// What an earlier download left: the record beside its bytes.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto path = folder.write("x.part", "bytes");
  folder.write("x.part.json", fuzz::bytes_of(data, size));
  fuzz::accepts([&] {
    const PartialFile file(path, "https://example.org/x");
    fuzz::require(file.size() == 0 || file.size() == 5);
  });
  return 0;
}
