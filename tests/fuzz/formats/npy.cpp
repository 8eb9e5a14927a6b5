#include "evenkeel/formats/npy.h"
#include "evenkeel/formats/source.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const formats::BytesView bytes = fuzz::bytes_of(data, size);
  Tensor tensor;
  if (fuzz::accepts([&] { tensor = formats::decode_npy(bytes, "input"); }))
    fuzz::require(fuzz::equal(formats::decode_npy(formats::encode_npy(tensor), "round trip"), tensor));
  fuzz::accepts([&] {
    const formats::Source source(bytes, "input");
    formats::Reader reader(source);
    formats::decode_npy_or_texts(reader);
  });
  return 0;
}
