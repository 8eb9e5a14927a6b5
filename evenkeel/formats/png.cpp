#include "evenkeel/formats/png.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/image.h"
#include "evenkeel/formats/image_header.h"

namespace evenkeel::formats {
namespace {

/// libpng's reader on bytes in memory. libpng reports an error by a jump back to setjmp: the functions that call
/// setjmp therefore hold nothing with a destructor, and report to the caller by false and `message_`.
class PngReader {
 public:
  explicit PngReader(BytesView bytes) : bytes_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &PngReader::on_error, &PngReader::on_warning);
    if (png_) info_ = png_create_info_struct(png_);
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  const char* message() const { return message_.data(); }

  /// Everything before the pixels: sets height, width and stored_row_bytes.
  bool read_header() {
    if (!png_ || !info_ || setjmp(png_jmpbuf(png_))) return false;
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(png_, this, &PngReader::on_read);
    png_read_info(png_, info_);
    height = png_get_image_height(png_, info_);
    width = png_get_image_width(png_, info_);
    stored_row_bytes = static_cast<std::int64_t>(png_get_rowbytes(png_, info_));
    return true;
  }

  /// Decides what the pixels become: sets channels and row_bytes. Asks for memory by the image's width.
  bool start() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_expand(png_);
    png_set_swap(png_);  // 16 bits: this machine's order
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    channels = png_get_channels(png_, info_);
    row_bytes = static_cast<std::int64_t>(png_get_rowbytes(png_, info_));
    return true;
  }

  /// The pixels, into height * row_bytes bytes, and the rest of the file.
  bool read_pixels(std::byte* pixels) {
    if (setjmp(png_jmpbuf(png_))) return false;
    for (int pass = 0; pass < passes_; ++pass)
      for (std::int64_t row = 0; row < height; ++row)
        png_read_row(png_, reinterpret_cast<png_bytep>(pixels + row * row_bytes), nullptr);
    png_read_end(png_, nullptr);
    return true;
  }

  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::int64_t stored_row_bytes = 0;
  std::int64_t row_bytes = 0;

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto& message = static_cast<PngReader*>(png_get_error_ptr(png))->message_;
    std::strncpy(message.data(), text, message.size() - 1);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep into, std::size_t count) {
    auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > reader.bytes_.size()) png_error(png, "the file ends early");
    std::memcpy(into, reader.bytes_.data(), count);
    reader.bytes_ = reader.bytes_.subspan(count);
  }

  BytesView bytes_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  std::array<char, 128> message_{};
};

Error unreadable(const PngReader& reader, BytesView bytes, const std::string& name) {
  return Error{
      {.where = name,
       .expected = "a PNG image",
       .received = fmt::format("{} ({})", is_cut_short(bytes) ? "a file cut short" : "damaged data", reader.message()),
       .hint = "Is the file whole, and a PNG? Other formats must be converted."}};
}

}  // namespace

Tensor read_png(const std::filesystem::path& path) { return decode_png(read_file(path), path.string()); }

Tensor decode_png(BytesView bytes, const std::string& name) {
  PngReader reader(bytes);
  if (!reader.read_header()) throw unreadable(reader, bytes, name);
  if (reader.height > kMaxImagePixels / reader.width)
    throw Error{{.kind = Error::unsupported,
                 .where = name,
                 .expected = fmt::format("an image of at most {} pixels", kMaxImagePixels),
                 .received = fmt::format("{} x {}", reader.width, reader.height)}};
  const auto stored = static_cast<std::uint64_t>(reader.height * reader.stored_row_bytes);
  if (stored / kMaxDeflateRatio > bytes.size())
    throw Error{{.where = name,
                 .expected = fmt::format("data for {} x {} pixels", reader.width, reader.height),
                 .received = fmt::format("a file of {} bytes", bytes.size()),
                 .hint = "The file is cut short or its header is damaged."}};
  if (!reader.start()) throw unreadable(reader, bytes, name);
  const Shape shape = {reader.height, reader.width, reader.channels};
  if (reader.row_bytes == reader.width * reader.channels) {
    Tensor image(shape, DType::uint8);
    if (!reader.read_pixels(image.data())) throw unreadable(reader, bytes, name);
    return image;
  }
  Bytes wide = allocate_bytes(static_cast<std::uint64_t>(reader.height * reader.row_bytes), name);
  if (!reader.read_pixels(wide.data())) throw unreadable(reader, bytes, name);
  Tensor image(shape, DType::float32);
  float* to = image.as<float>().data();
  for (std::size_t i = 0; i < wide.size(); i += sizeof(std::uint16_t))
    *to++ = static_cast<float>(load_little<std::uint16_t>(wide.data() + i));
  return image;
}

Bytes encode_png(TensorView image) {
  constexpr std::array<png_uint_32, 5> kFormats = {0, PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB, PNG_FORMAT_RGBA};
  const Shape& shape = image.shape;
  if (image.dtype != DType::uint8 || shape.rank() != 3 || shape.size() == 0 || shape[2] > 4 ||
      shape[0] > kMaxImagePixels / shape[1])
    throw Error{{.where = "png",
                 .expected = "uint8 [height, width, 1 to 4]",
                 .received = fmt::format("{} {}", name_of(image.dtype), to_string(shape))}};
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.height = static_cast<png_uint_32>(shape[0]);
  header.width = static_cast<png_uint_32>(shape[1]);
  header.format = kFormats[static_cast<std::size_t>(shape[2])];
  Bytes bytes(PNG_IMAGE_PNG_SIZE_MAX(header));
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&header, bytes.data(), &size, 0, image.data, 0, nullptr))
    throw Error{
        {.kind = Error::internal, .where = "png", .expected = "an image to encode", .received = header.message}};
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& path, TensorView image) { write_file_atomically(path, encode_png(image)); }

}  // namespace evenkeel::formats
