#include "evenkeel/data/image_folder.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// An image file as a sample. The first byte has the options.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  fuzz::Parts parts(data, size);
  const std::uint8_t asked = parts.byte();
  ImageOptions options{.resize = (asked & 1) != 0, .skip_bad = (asked & 2) != 0, .strict_colour = (asked & 4) != 0};
  if (asked & 8) options.shape = Shape{4, 4, 1 + (asked >> 5) % 4};
  if (asked & 16) options.dtype = DType::float32;
  const auto path = folder.write("x", parts.rest());
  Dataset set;
  if (fuzz::accepts([&] { set = load_images(std::vector{path}, options); }))
    fuzz::require(set.size() == 1 && (!options.shape || set.sample_shape() == *options.shape));
  return 0;
}
