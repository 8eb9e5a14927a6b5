#include "evenkeel/data/cifar.h"
#include "evenkeel/formats/cifar.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// The names of classes, beside the images of CIFAR-10.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const auto images = folder.write("test_batch.bin", formats::Bytes(3073));
  folder.write("batches.meta.txt", fuzz::bytes_of(data, size));
  Dataset set;
  if (fuzz::accepts([&] { set = load_cifar10(folder.path(), true); })) {
    fuzz::require(set.class_names().size() == 10);
    fuzz::accepts([&] { set.relabelled(std::vector<std::int32_t>(10, 0), {"one"}); });
  }
  return 0;
}
