#include "evenkeel/formats/deflate.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kLimit = 1 << 20;
  const formats::BytesView bytes = fuzz::bytes_of(data, size);
  fuzz::accepts([&] { formats::gunzip(bytes, kLimit, "input"); });
  fuzz::accepts([&] { formats::inflate(bytes, std::min<std::uint64_t>(size * 8, kLimit), "input"); });
  const formats::Bytes deflated = formats::deflate(bytes);
  fuzz::require(std::ranges::equal(formats::inflate(deflated, size, "round trip"), bytes));
  return 0;
}
