#include "evenkeel/formats/idx.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accepts([&] { formats::decode_idx(fuzz::bytes_of(data, size), "input"); });
  return 0;
}
