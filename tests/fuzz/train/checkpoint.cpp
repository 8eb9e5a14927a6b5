#include <nlohmann/json.hpp>

#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/train/checkpoint.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

namespace {

std::string sum_of(formats::BytesView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (int shift = 28; shift >= 0; shift -= 4) hex += kDigits[formats::crc32c(bytes) >> shift & 15];
  return hex;
}

/// Puts the format and all sums right, so that damage reaches what lies after those checks.
void mend(formats::SafetensorsFile& file) {
  auto& metadata = file.metadata;
  metadata.erase("crc32c");
  metadata["format"] = kCheckpointFormat;
  std::string all;
  for (const auto& [key, value] : metadata) all.append(key).append(1, '\0').append(value).append(1, '\0');
  nlohmann::json sums{{"", sum_of(formats::view_of(all))}};
  for (const auto& [name, tensor] : file.tensors) sums[name] = sum_of({tensor.data(), tensor.bytes()});
  metadata["crc32c"] = sums.dump();
}

void write(const std::filesystem::path& path, const formats::SafetensorsFile& file) {
  std::vector<formats::SafetensorsEntry> entries;
  for (const auto& [name, tensor] : file.tensors) entries.push_back({name, tensor});
  formats::write_safetensors(path, entries, file.metadata);
}

bool same(const NamedTensors& a, const NamedTensors& b) {
  return std::ranges::is_permutation(
      a, b, [](const auto& x, const auto& y) { return x.first == y.first && fuzz::equal(x.second, y.second); });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto path = folder.write("x.safetensors", fuzz::bytes_of(data, size));
  fuzz::accepts([&] { averages_in(path); });
  Checkpoint checkpoint;
  const bool whole = fuzz::accepts([&] { checkpoint = read_checkpoint(path); });
  if (!whole) {
    formats::SafetensorsFile file;
    if (!fuzz::accepts([&] { file = formats::read_safetensors(path); })) return 0;
    mend(file);
    write(path, file);
    if (!fuzz::accepts([&] { checkpoint = read_checkpoint(path); })) return 0;
  }
  if (!fuzz::accepts([&] { write_checkpoint(path, checkpoint); })) return 0;
  const Checkpoint read = read_checkpoint(path);
  fuzz::require(read.identity == checkpoint.identity && same(read.weights, checkpoint.weights));
  fuzz::require(same(read.slots, checkpoint.slots) && read.progress.steps == checkpoint.progress.steps);
  return 0;
}
