#include "evenkeel/formats/file_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace evenkeel::formats {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  const char* kind;
};

/// The first signature that fits decides.
constexpr std::array kMagics = {
    Magic{0, "\x89PNG\r\n\x1a\n"sv, "PNG image"},
    Magic{0, "\xff\xd8\xff"sv, "JPEG image"},
    Magic{0, "GIF8"sv, "GIF image"},
    Magic{8, "WEBP"sv, "WebP image"},
    Magic{0, "II*\0"sv, "TIFF image"},
    Magic{0, "MM\0*"sv, "TIFF image"},
    Magic{0, "II+\0"sv, "TIFF image"},
    Magic{0, "MM\0+"sv, "TIFF image"},
    Magic{4, "ftypavif"sv, "AVIF image"},
    Magic{4, "ftypheic"sv, "HEIC image"},
    Magic{4, "ftypheix"sv, "HEIC image"},
    Magic{4, "ftypmif1"sv, "HEIC image"},
    Magic{4, "ftypmsf1"sv, "HEIC image"},
    Magic{4, "ftypcrx "sv, "raw photo of a camera"},
    Magic{4, "ftyp"sv, "video"},
    Magic{0, "\0\0\0\x0cjP  "sv, "JPEG 2000 image"},
    Magic{0, "\xff\x4f\xff\x51"sv, "JPEG 2000 image"},
    Magic{0, "\0\0\0\x0cJXL "sv, "JPEG XL image"},
    Magic{0, "\xff\x0a"sv, "JPEG XL image"},
    Magic{0, "\0\0\1\0"sv, "Windows icon"},
    Magic{0, "8BPS"sv, "Photoshop image"},
    Magic{0, "v/1\1"sv, "OpenEXR image"},
    Magic{0, "DDS "sv, "DDS image"},
    Magic{0, "qoif"sv, "QOI image"},
    Magic{128, "DICM"sv, "DICOM image"},
    Magic{0, "SIMPLE  ="sv, "FITS image"},
    Magic{0, "\x00\x05\x16\x07"sv, "macOS file of attributes"},
    Magic{0, "\xd0\xcf\x11\xe0"sv, "Windows document"},
    Magic{0, "%PDF"sv, "PDF document"},
    Magic{0, "PK\3\4"sv, "ZIP archive"},
    Magic{0, "PK\5\6"sv, "ZIP archive"},
    Magic{0, "\x1f\x8b"sv, "gzip archive"},
    Magic{0, "7z\xbc\xaf\x27\x1c"sv, "7z archive"},
    Magic{0, "Rar!"sv, "RAR archive"},
    Magic{257, "ustar"sv, "tar archive"},
    Magic{0, "\x93NUMPY"sv, "NumPy array"},
    Magic{0, "\x89HDF\r\n"sv, "HDF5 file"},
    Magic{0, "SQLite format 3"sv, "SQLite database"},
    Magic{0,
          "\x7f"
          "ELF"sv,
          "program"},
    Magic{0, "RIFF"sv, "sound or video"},
    Magic{0, "OggS"sv, "sound or video"},
    Magic{0, "ID3"sv, "sound"},
    Magic{0, "\x1a\x45\xdf\xa3"sv, "video"},
    Magic{0, "version https://git-lfs"sv, "Git LFS pointer"},
};

bool has(std::string_view text, const Magic& magic) {
  return text.size() >= magic.offset && text.substr(magic.offset).starts_with(magic.bytes);
}

/// Windows's and OS/2's bitmaps: the size of the second header says which.
bool is_bmp(BytesView bytes) {
  if (bytes.size() < 18 || bytes[0] != std::byte{'B'} || bytes[1] != std::byte{'M'}) return false;
  constexpr std::array<std::uint32_t, 8> kHeaderSizes = {12, 16, 40, 52, 56, 64, 108, 124};
  return std::ranges::find(kHeaderSizes, load_little<std::uint32_t>(bytes.data() + 14)) != kHeaderSizes.end();
}

/// Netpbm: "P6", then a blank or a comment.
bool is_netpbm(std::string_view text) {
  return text.size() > 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' &&
         " \t\r\n#"sv.find(text[2]) != text.npos;
}

bool is_text(std::string_view text) {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 32 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
  };
  return std::ranges::none_of(text, is_control);
}

/// Text, or one of the languages written in it.
std::string kind_of_text(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto begin = std::min(lower.find_first_not_of(" \t\r\n"), lower.size());
  const std::string_view start = std::string_view(lower).substr(begin);
  if (lower.find("<html") != lower.npos || start.starts_with("<!doctype html")) return "HTML page";
  if (lower.find("<svg") != lower.npos) return "SVG drawing";
  if (start.starts_with("<?xml")) return "XML file";
  return "text";
}

}  // namespace

std::string kind_of_file(BytesView bytes) {
  if (bytes.empty()) return "empty file";
  constexpr std::size_t kLooked = 512;
  const BytesView first = bytes.first(std::min(bytes.size(), kLooked));
  std::string_view text(reinterpret_cast<const char*>(first.data()), first.size());
  for (const Magic& magic : kMagics)
    if (has(text, magic)) return magic.kind;
  if (is_bmp(first)) return "BMP image";
  if (is_netpbm(text)) return "Netpbm image";
  if (std::ranges::all_of(first, [](std::byte b) { return b == std::byte{0}; })) return "file of zeros";
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return "text";  // UTF-16
  return is_text(text) ? kind_of_text(text) : "unknown bytes";
}

std::string with_article(const std::string& noun) {
  if (noun == "text" || noun == "unknown bytes") return noun;
  constexpr std::array kSpokenWithVowel = {"HTML"sv, "SVG"sv, "XML"sv, "HDF5"sv};
  const bool an = "aeioAEIO"sv.find(noun[0]) != std::string_view::npos ||
                  std::ranges::any_of(kSpokenWithVowel, [&](std::string_view word) { return noun.starts_with(word); });
  return (an ? "an " : "a ") + noun;
}

}  // namespace evenkeel::formats
