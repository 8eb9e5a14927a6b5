#include "evenkeel/formats/image.h"

#include <fmt/format.h>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/file_kind.h"
#include "evenkeel/formats/image_header.h"
#include "evenkeel/formats/jpeg.h"
#include "evenkeel/formats/png.h"

namespace evenkeel::formats {
namespace {}  // namespace

Tensor read_image(const std::filesystem::path& path) { return decode_image(read_file(path), path.string()); }

Tensor decode_image(BytesView bytes, const std::string& name) {
  if (is_png(bytes)) return decode_png(bytes, name);
  if (is_jpeg(bytes)) return decode_jpeg(bytes, name);
  throw Error{{.where = name,
               .expected = "a PNG or JPEG image",
               .received = with_article(kind_of_file(bytes)),
               .hint = "Is the file whole? Other formats must be converted."}};
}

std::string why_no_image(BytesView bytes) {
  if (!is_png(bytes) && !is_jpeg(bytes)) return kind_of_file(bytes);
  const auto header = image_header(bytes);
  if (header && is_jpeg(bytes) && header->bits != 8) return fmt::format("{}-bit JPEG", header->bits);
  if (header && header->colour == ImageHeader::Colour::ink) return "CMYK JPEG";
  if (is_cut_short(bytes)) return "cut short";
  if (header && header->width > 0 && header->height > kMaxImagePixels / header->width) return "too many pixels";
  return "damaged";
}

}  // namespace evenkeel::formats
