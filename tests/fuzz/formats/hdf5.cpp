#include "evenkeel/formats/hdf5.h"

#include <pthread.h>
#include <sanitizer/common_interface_defs.h>

#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

namespace {

/// The library's faults stay in their process, as they do in a build without sanitizers: they are no finding.
const bool kContained = [] {
  ::pthread_atfork(nullptr, nullptr, [] {
    __sanitizer_set_death_callback(nullptr);
    __sanitizer_set_report_path("/dev/null");
  });
  return true;
}();

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::require(kContained);
  const formats::BytesView bytes = fuzz::bytes_of(data, size);
  formats::Hdf5File file;
  if (!fuzz::accepts([&] { file = formats::decode_hdf5(bytes, "input"); })) return 0;
  std::vector<Tensor> tensors;
  std::vector<formats::Hdf5Entry> entries;
  tensors.reserve(file.objects.size());
  for (const formats::Hdf5Object& object : file.objects) {
    formats::Hdf5Entry entry{.path = object.path, .tensor = {}, .attributes = object.attributes};
    if (object.is_dataset) {
      if (!fuzz::accepts([&] { tensors.push_back(formats::tensor_of(object, bytes, "input")); })) continue;
      entry.tensor = tensors.back().view();
    }
    entries.push_back(std::move(entry));
  }
  // What was read can be written, unless a name is none for the library; and then it is the same.
  formats::Bytes written;
  if (!fuzz::accepts([&] { written = formats::encode_hdf5(entries, "output"); })) return 0;
  const formats::Hdf5File again = formats::decode_hdf5(written, "output");
  for (const formats::Hdf5Entry& entry : entries) {
    const formats::Hdf5Object* object = again.find(entry.path);
    fuzz::require(object != nullptr);
    if (entry.tensor) fuzz::require(fuzz::equal(formats::tensor_of(*object, written, "output"), *entry.tensor));
  }
  return 0;
}
