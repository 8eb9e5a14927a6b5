#include "evenkeel/data/npz_dataset.h"
#include "evenkeel/formats/npy.h"
#include "evenkeel/formats/zip.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

namespace {

void write(const std::filesystem::path& path, formats::BytesView x, formats::BytesView y) {
  formats::AtomicFile file(path);
  formats::ZipWriter zip(file);
  zip.add("x.npy", {x}, false);
  zip.add("y.npy", {y}, false);
  zip.finish();
  file.commit();
}

}  // namespace

// The arrays x and y of an .npz file whose sums are right. The first byte has the options.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  fuzz::Parts parts(data, size);
  const std::uint8_t asked = parts.byte();
  const formats::BytesView x = parts.counted();
  write(folder / "x.npz", x, parts.rest());
  constexpr LabelMapping kMappings[] = {LabelMapping::none, LabelMapping::from_one, LabelMapping::contiguous,
                                        LabelMapping::names};
  ArrayOptions options{.channels_first = (asked & 1) != 0, .labels = kMappings[asked / 2 % 4]};
  std::string notes;
  options.note = [&](const std::string& note) { notes += note; };
  Dataset set;
  if (fuzz::accepts([&] { set = load_npz_dataset(folder / "x.npz", options); })) {
    fuzz::require(set.size() >= 1);
    set.fingerprint();
  }
  return 0;
}
