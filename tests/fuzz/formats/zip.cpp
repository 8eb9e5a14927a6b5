#include "evenkeel/formats/zip.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accepts([&] {
    const formats::Source source(fuzz::bytes_of(data, size), "input");
    const formats::ZipReader zip(source);
    for (const formats::ZipMember& member : zip.members())
      fuzz::accepts([&] {
        zip.read(member, [&](formats::Reader& in) { fuzz::require(in.text(in.remaining()).size() == member.size); });
      });
  });
  return 0;
}
