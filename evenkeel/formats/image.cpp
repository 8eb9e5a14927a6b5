#include "evenkeel/formats/image.h"

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/jpeg.h"
#include "evenkeel/formats/png.h"

namespace evenkeel::formats {
namespace {

bool begins_with(BytesView bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

}  // namespace

const std::vector<std::string>& image_extensions() {
  static const std::vector<std::string> list = {".png", ".jpg", ".jpeg"};
  return list;
}

Tensor read_image(const std::filesystem::path& path) { return decode_image(read_file(path), path.string()); }

Tensor decode_image(BytesView bytes, const std::string& name) {
  if (begins_with(bytes, "\x89PNG")) return decode_png(bytes, name);
  if (begins_with(bytes, "\xff\xd8")) return decode_jpeg(bytes, name);
  throw Error{{.where = name,
               .expected = "a PNG or JPEG image",
               .received = bytes.empty() ? "an empty file" : "a file that begins like neither",
               .hint = "Is the file whole? Other formats must be converted."}};
}

}  // namespace evenkeel::formats
