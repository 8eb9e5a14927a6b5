#include "evenkeel/formats/jpeg.h"
#include "evenkeel/formats/image_header.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const formats::BytesView bytes = fuzz::bytes_of(data, size);
  Tensor image;
  if (!fuzz::accepts([&] { image = formats::decode_jpeg(bytes, "input"); })) return 0;
  const auto header = formats::image_header(bytes);
  fuzz::require(header && header->height == image.shape()[0] && header->width == image.shape()[1]);
  return 0;
}
