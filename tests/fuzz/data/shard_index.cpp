#include "evenkeel/data/shard_index.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// The index of shards. What is read is written and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto path = folder.write("index.json", fuzz::bytes_of(data, size));
  ShardIndex index;
  if (!fuzz::accepts([&] { index = read_shard_index(path); })) return 0;
  for (const ShardIndex::Shard& shard : index.shards)
    for (const ShardIndex::Sample& sample : shard.samples) fuzz::require(sample.offset + sample.bytes <= shard.bytes);
  const std::string text = text_of(index);
  folder.write("index.json", std::string_view(text));
  fuzz::require(text_of(read_shard_index(path)) == text);
  return 0;
}
