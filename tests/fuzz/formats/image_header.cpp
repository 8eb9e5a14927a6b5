#include "evenkeel/formats/image_header.h"
#include "evenkeel/formats/file_kind.h"
#include "evenkeel/formats/image.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// What is said of a file, an image or not, without its pixels: its size, colours, Exif orientation, what is wrong.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const formats::BytesView bytes = fuzz::bytes_of(data, size);
  fuzz::require(!formats::with_article(formats::kind_of_file(bytes)).empty());
  fuzz::require(!formats::why_no_image(bytes).empty());
  formats::is_cut_short(bytes);
  if (const auto header = formats::image_header(bytes)) {
    fuzz::require(header->orientation >= 1 && header->orientation <= 8);
    fuzz::require(!formats::kind_of_image(*header).empty());
  }
  return 0;
}
