#include "evenkeel/formats/cifar.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const formats::BytesView bytes = fuzz::bytes_of(data, size);
  fuzz::accepts([&] { formats::decode_cifar(bytes, formats::kCifar10, "input"); });
  fuzz::accepts([&] { formats::decode_cifar(bytes, formats::kCifar100, "input"); });
  return 0;
}
