#include "evenkeel/formats/png.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/image_header.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

namespace {

/// Puts the crc of every chunk right, so that damage reaches what lies after that check.
formats::Bytes mended(formats::BytesView from) {
  formats::Bytes bytes(from.begin(), from.end());
  for (std::size_t chunk = 8; chunk + 12 <= bytes.size();) {
    const std::uint64_t length = formats::swapped(formats::load_little<std::uint32_t>(bytes.data() + chunk));
    if (chunk + 12 + length > bytes.size()) break;
    const std::uint32_t crc =
        formats::swapped(formats::crc32(formats::BytesView(bytes).subspan(chunk + 4, length + 4)));
    std::memcpy(bytes.data() + chunk + 8 + length, &crc, sizeof crc);
    chunk += 12 + length;
  }
  return bytes;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const formats::Bytes bytes = mended(fuzz::bytes_of(data, size));
  Tensor image;
  if (!fuzz::accepts([&] { image = formats::decode_png(bytes, "input"); })) return 0;
  const auto header = formats::image_header(bytes);
  fuzz::require(header && header->height == image.shape()[0] && header->width == image.shape()[1]);
  if (image.dtype() == DType::uint8)
    fuzz::require(fuzz::equal(formats::decode_png(formats::encode_png(image), "round trip"), image));
  return 0;
}
