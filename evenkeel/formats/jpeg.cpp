#include "evenkeel/formats/jpeg.h"

#include <fmt/format.h>

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h wants it before itself

#include <jerror.h>
#include <jpeglib.h>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/image.h"
#include "evenkeel/formats/image_header.h"

namespace evenkeel::formats {
namespace {

/// The least data that a JPEG can have: a bit for each block of 8 x 8 pixels.
constexpr std::uint64_t kMaxPixelsPerByte = 8 * 64;
/// More scans than any encoder makes; a hostile file has thousands to keep the reader busy.
constexpr int kMaxScans = 500;

/// libjpeg's decoder on bytes in memory. libjpeg reports an error by a callback that must not return: it jumps back to
/// setjmp. The functions that call setjmp therefore hold nothing with a destructor, and report to the caller by false
/// and message().
class JpegReader {
 public:
  explicit JpegReader(BytesView bytes) : bytes_(bytes) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = &JpegReader::on_error;
    errors_.emit_message = &JpegReader::on_message;
    progress_.progress_monitor = &JpegReader::on_progress;
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }

  const char* message() const { return message_.data(); }
  bool is_gray() const { return jpeg_.jpeg_color_space == JCS_GRAYSCALE; }
  bool is_colour() const { return jpeg_.jpeg_color_space == JCS_YCbCr || jpeg_.jpeg_color_space == JCS_RGB; }
  std::int64_t height() const { return jpeg_.image_height; }
  std::int64_t width() const { return jpeg_.image_width; }
  std::int64_t channels() const { return is_gray() ? 1 : 3; }

  /// Everything before the pixels.
  bool read_header() {
    if (setjmp(jump_)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  /// The pixels, into height * width * channels bytes, and the rest of the file.
  bool read_pixels(std::byte* pixels) {
    if (setjmp(jump_)) return false;
    jpeg_.out_color_space = is_gray() ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&jpeg_);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = reinterpret_cast<JSAMPROW>(pixels + jpeg_.output_scanline * width() * channels());
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

 private:
  [[noreturn]] static void on_error(j_common_ptr jpeg) {
    auto& reader = *static_cast<JpegReader*>(jpeg->client_data);
    std::array<char, JMSG_LENGTH_MAX> text{};
    jpeg->err->format_message(jpeg, text.data());
    reader.message_ = text;
    std::longjmp(reader.jump_, 1);
  }

  /// libjpeg warns when it fills in missing data. Only warnings that change no pixel are accepted.
  static void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    const int code = jpeg->err->msg_code;
    if (code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR) on_error(jpeg);
  }

  static void on_progress(j_common_ptr jpeg) {
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > kMaxScans) ERREXIT(jpeg, JERR_BAD_PROGRESSION);
  }

  BytesView bytes_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
};

Error unreadable(const JpegReader& reader, BytesView bytes, const std::string& name) {
  return Error{
      {.where = name,
       .expected = "a JPEG image",
       .received = fmt::format("{} ({})", is_cut_short(bytes) ? "a file cut short" : "damaged data", reader.message()),
       .hint = "Is the file whole, and a JPEG? Other formats must be converted."}};
}

/// libjpeg reports a JPEG of another depth as damaged.
void check_depth(BytesView bytes, const std::string& name) {
  const auto header = image_header(bytes);
  if (header && header->bits != 8)
    throw Error{{.kind = Error::unsupported,
                 .where = name,
                 .expected = "a JPEG of 8 bits",
                 .received = fmt::format("one of {}", header->bits),
                 .hint = "Convert it to PNG first."}};
}

void check_header(const JpegReader& reader, BytesView bytes, const std::string& name) {
  if (!reader.is_gray() && !reader.is_colour())
    throw Error{{.kind = Error::unsupported,
                 .where = name,
                 .expected = "a gray or an RGB image",
                 .received = "a JPEG in CMYK or another colour space",
                 .hint = "Convert it to RGB first."}};
  if (reader.height() > kMaxImagePixels / reader.width())
    throw Error{{.kind = Error::unsupported,
                 .where = name,
                 .expected = fmt::format("an image of at most {} pixels", kMaxImagePixels),
                 .received = fmt::format("{} x {}", reader.width(), reader.height())}};
  if (static_cast<std::uint64_t>(reader.height() * reader.width()) / kMaxPixelsPerByte > bytes.size())
    throw Error{{.where = name,
                 .expected = fmt::format("data for {} x {} pixels", reader.width(), reader.height()),
                 .received = fmt::format("a file of {} bytes", bytes.size()),
                 .hint = "The file is cut short or its header is damaged."}};
}

}  // namespace

Tensor read_jpeg(const std::filesystem::path& path) { return decode_jpeg(read_file(path), path.string()); }

Tensor decode_jpeg(BytesView bytes, const std::string& name) {
  check_depth(bytes, name);
  JpegReader reader(bytes);
  if (!reader.read_header()) throw unreadable(reader, bytes, name);
  check_header(reader, bytes, name);
  Tensor image({reader.height(), reader.width(), reader.channels()}, DType::uint8);
  if (!reader.read_pixels(image.data())) throw unreadable(reader, bytes, name);
  return image;
}

}  // namespace evenkeel::formats
