#include "evenkeel/train/checkpoint.h"
#include "tests/fuzz/checkpoint_file.h"

using namespace evenkeel;

namespace {

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
    fuzz::write_mended(path, file);
    if (!fuzz::accepts([&] { checkpoint = read_checkpoint(path); })) return 0;
  }
  if (!fuzz::accepts([&] { write_checkpoint(path, checkpoint); })) return 0;
  const Checkpoint read = read_checkpoint(path);
  fuzz::require(read.identity == checkpoint.identity && same(read.weights, checkpoint.weights));
  fuzz::require(same(read.slots, checkpoint.slots) && read.progress.steps == checkpoint.progress.steps);
  return 0;
}
