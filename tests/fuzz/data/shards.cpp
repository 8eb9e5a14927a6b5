#include "evenkeel/data/shards.h"
#include "evenkeel/formats/tar_members.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// A shard of another program.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto shard = folder.write("x.tar", fuzz::bytes_of(data, size));
  fuzz::accepts([&] {
    const formats::Source archive(shard);
    formats::TarMembers members(archive);
    while (const auto member = members.next()) fuzz::require(member->offset + member->bytes <= archive.size());
  });
  fuzz::accepts([&] {
    const ImageFiles files = list_shards(shard, true);
    for (const ImageFiles::File& file : files.files) {
      fuzz::require(files.read(file).size() == file.bytes);
      files.name_of(file);
    }
  });
  return 0;
}
