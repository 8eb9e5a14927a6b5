#include "evenkeel/data/image_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/data/pixels.h"
#include "evenkeel/data/resize.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/image.h"
#include "evenkeel/formats/image_header.h"

namespace evenkeel {
namespace {

using formats::ImageHeader;

/// The result of one file: a sample, or why there is none.
struct Decoded {
  std::optional<Tensor> sample = {};
  std::optional<ReadingReport::Skipped> skipped = {};
  std::optional<ImageHeader> header = {};           ///< if the pixels could be decoded
  std::pair<std::int64_t, std::int64_t> size = {};  ///< height and width, with the orientation applied
  std::vector<std::string> converted = {};
  bool resized = false;
  std::uint32_t bits = 0;  ///< all bits that are set in a 16-bit image
};

std::string size_text(std::int64_t height, std::int64_t width) { return fmt::format("{} x {}", height, width); }

/// Height and width, with the orientation applied.
std::pair<std::int64_t, std::int64_t> size_seen(const ImageHeader& header) {
  const bool is_turned = header.orientation >= 5;
  return {is_turned ? header.width : header.height, is_turned ? header.height : header.width};
}

const char* colour_name(std::int64_t channels) {
  constexpr const char* kNames[] = {"gray", "gray + alpha", "RGB", "RGB + alpha"};
  return kNames[channels - 1];
}

bool is_wide(const ImageHeader& header) { return header.bits == 16; }

/// Whether the file needs no conversion to be a sample.
bool is_stored_so(const ImageHeader& header, const SampleKind& kind) {
  const std::int64_t channels = (header.colour == ImageHeader::Colour::gray ? 1 : 3) + (header.alpha ? 1 : 0);
  const int bits = kind.dtype == DType::uint8 ? 8 : 16;
  return header.colour != ImageHeader::Colour::palette && channels == kind.shape[2] && header.bits == bits;
}

/// The conversion of colours, in words.
std::vector<std::string> conversions(const ImageHeader& header, const SampleKind& kind) {
  std::vector<std::string> made;
  const bool to_gray = kind.shape[2] <= 2, to_alpha = kind.shape[2] % 2 == 0;
  const char* target = to_gray ? "gray" : "RGB";
  if (header.colour == ImageHeader::Colour::palette) made.push_back(fmt::format("palette to {}", target));
  if (header.colour == ImageHeader::Colour::gray && header.bits < 8)
    made.push_back(fmt::format("{}-bit to 8 bits", header.bits));
  if (header.colour == ImageHeader::Colour::gray && !to_gray) made.emplace_back("gray to RGB");
  if (header.colour == ImageHeader::Colour::rgb && to_gray) made.emplace_back("RGB to gray");
  if (header.alpha && !to_alpha) made.emplace_back("alpha over white");
  if (!header.alpha && to_alpha) made.emplace_back("opaque alpha added");
  if (is_wide(header) && kind.dtype == DType::uint8) made.emplace_back("16 bits to 8");
  if (!is_wide(header) && kind.dtype == DType::float32) made.emplace_back("8 bits to the range of 16");
  return made;
}

std::uint32_t bits_of(const Tensor& pixels) {
  std::uint32_t bits = 0;
  const std::int64_t channels = pixels.shape()[2], colours = channels <= 2 ? 1 : 3;
  const float* value = pixels.as<float>().data();
  for (std::int64_t i = 0; i < pixels.shape()[0] * pixels.shape()[1]; ++i, value += channels)
    for (std::int64_t c = 0; c < colours; ++c) bits |= static_cast<std::uint32_t>(value[c]);
  return bits;
}

/// One pass over the files; the kind of samples is decided before.
class Pass {
 public:
  Pass(const ImageFiles& files, const ImageOptions& options, SampleKind kind, bool sizes_are_kept)
      : files_(files), options_(options), kind_(kind), sizes_are_kept_(sizes_are_kept) {}

  Decoded decode(const ImageFiles::File& file) const {
    const std::filesystem::path path = files_.folder / file.name;
    Decoded result;
    formats::Bytes bytes;
    const auto skip = [&](std::string reason, Error error) {
      result.skipped = {printable(file.name), std::move(reason), std::move(error)};
    };
    try {
      bytes = formats::read_file(path);
    } catch (const Error& error) {
      skip("cannot be opened", error);
      return result;
    }
    try {
      Tensor pixels = formats::decode_image(bytes, printable(path.string()));
      result.header = formats::image_header(bytes).value();
      result.size = size_seen(*result.header);
      if (pixels.dtype() == DType::float32) result.bits = bits_of(pixels);
      if (const std::string reason = why_unfit(*result.header, result.size); !reason.empty())
        skip(reason, unfit(path, *result.header, result.size));
      else
        fit(result, std::move(pixels));
    } catch (const Error& error) {
      skip(formats::why_no_image(bytes), error);
    }
    return result;
  }

 private:
  bool has_size(const std::pair<std::int64_t, std::int64_t>& size) const {
    return size == std::pair(kind_.shape[0], kind_.shape[1]);
  }
  bool resizes() const { return !sizes_are_kept_ && (options_.resize || options_.resize_to); }
  bool crops(const std::pair<std::int64_t, std::int64_t>& size) const {
    return options_.crop && !sizes_are_kept_ && !(options_.crop_other_sizes_only && has_size(size));
  }
  /// Height and width before the middle is cut out.
  std::pair<std::int64_t, std::int64_t> size_to_crop(const std::pair<std::int64_t, std::int64_t>& size) const {
    if (options_.shorter_side == 0) return size;
    return size_of_shorter_side(size.first, size.second, options_.shorter_side);
  }
  std::string because() const {
    return options_.shape ? ", as the model's input " + to_string_batched(*options_.shape) : ", as most images have";
  }

  bool is_refused_colour(const ImageHeader& header) const {
    return options_.strict_colour && !is_stored_so(header, kind_);
  }

  /// Why an image does not become a sample; empty if it does.
  std::string why_unfit(const ImageHeader& header, const std::pair<std::int64_t, std::int64_t>& size) const {
    if (is_refused_colour(header)) return fmt::format("{}, not {}", kind_of_image(header), colour_name(kind_.shape[2]));
    if (crops(size)) {
      const auto [height, width] = size_to_crop(size);
      return height >= kind_.shape[0] && width >= kind_.shape[1] ? "" : "too small to crop";
    }
    return has_size(size) || resizes() || sizes_are_kept_ ? "" : "another size";
  }

  Error unfit(const std::filesystem::path& path, const ImageHeader& header,
              const std::pair<std::int64_t, std::int64_t>& size) const {
    Error::Parts parts{.where = printable(path.string())};
    if (is_refused_colour(header)) {
      const int bits = kind_.dtype == DType::uint8 ? 8 : 16;
      parts.expected = fmt::format("{} of {} bits{}", colour_name(kind_.shape[2]), bits, because());
      parts.received = kind_of_image(header);
      parts.hint = "Without --color strict it is converted.";
    } else {
      parts.expected = fmt::format("height x width {}{}", size_text(kind_.shape[0], kind_.shape[1]), because());
      parts.received = size_text(size.first, size.second);
      parts.hint = crops(size) ? "A larger --resize N leaves enough to crop."
                               : "Resize the images first, or ask for it (--resize).";
    }
    return Error(std::move(parts));
  }

  void fit(Decoded& result, Tensor pixels) const {
    result.converted = conversions(*result.header, kind_);
    pixels = with_depth(with_channels(std::move(pixels), kind_.shape[2]), kind_.dtype);
    pixels = oriented(std::move(pixels), result.header->orientation);
    if (crops(result.size)) {
      const auto size = size_to_crop(result.size);
      result.resized = size != result.size;
      if (result.resized) pixels = resized(pixels, size.first, size.second, options_.resize_method);
      pixels = centre_crop(pixels, kind_.shape[0], kind_.shape[1]);
    } else if (resizes() && !has_size(result.size)) {
      result.resized = true;
      pixels = resized(pixels, kind_.shape[0], kind_.shape[1], options_.resize_method);
    }
    result.sample = std::move(pixels);
  }

  const ImageFiles& files_;
  const ImageOptions& options_;
  SampleKind kind_;
  bool sizes_are_kept_;
};

/// The kinds of the images, as far as they may decide the kind of samples.
struct Survey {
  std::int64_t images = 0, gray = 0, wide = 0;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> sizes;

  void add(const ImageHeader& header, const std::pair<std::int64_t, std::int64_t>& size) {
    ++images;
    gray += header.colour == ImageHeader::Colour::gray;
    wide += is_wide(header);
    ++sizes[size];
  }

  /// The kind that was asked for; what was not asked for is decided by most images.
  SampleKind kind(const ImageOptions& options) const {
    std::pair<std::int64_t, std::int64_t> size = {1, 1};
    const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
    if (!sizes.empty()) size = std::ranges::max_element(sizes, less)->first;
    if (options.resize_to) size = {(*options.resize_to)[0], (*options.resize_to)[1]};
    if (options.shape) size = {(*options.shape)[0], (*options.shape)[1]};
    const std::int64_t channels = options.shape ? (*options.shape)[2] : gray * 2 > images ? 1 : 3;
    const DType dtype = options.dtype.value_or(wide * 2 > images ? DType::float32 : DType::uint8);
    return {.shape = {size.first, size.second, channels}, .dtype = dtype};
  }
};

/// The header of a file's image; nothing if it cannot be read. A header alone may promise any size, and memory for all
/// samples is asked for by it: so the pixels must be there.
std::optional<ImageHeader> header_of(const std::filesystem::path& path) {
  try {
    const formats::Bytes bytes = formats::read_file(path);
    formats::decode_image(bytes, path.string());
    return formats::image_header(bytes);
  } catch (const Error&) {
    return {};  // the pass reports it
  }
}

/// The kind of the first file that has one.
Survey first_look(const ImageFiles& files) {
  Survey survey;
  for (const ImageFiles::File& file : files.files)
    if (const auto header = header_of(files.folder / file.name)) {
      survey.add(*header, size_seen(*header));
      break;
    }
  return survey;
}

void add(ReadingReport& report, Decoded& decoded, std::uint32_t& bits) {
  if (decoded.skipped) {
    report.skipped.push_back(std::move(*decoded.skipped));
    return;
  }
  ++report.read;
  ++report.kinds[kind_of_image(*decoded.header)];
  ++report.sizes[size_text(decoded.size.first, decoded.size.second)];
  for (const std::string& what : decoded.converted) ++report.converted[what];
  report.turned += decoded.header->orientation > 1;
  report.resized += decoded.resized;
  bits |= decoded.bits;
}

/// Which bits 16-bit images use, all together.
void add_bits(ReadingReport& report, std::uint32_t bits) {
  const int highest = std::bit_width(bits), unused = bits == 0 ? 0 : std::countr_zero(bits);
  report.low_bits_unused = highest == 16 && unused > 0;
  report.bits_in_use = report.low_bits_unused ? highest - unused : highest;
}

/// How many files from `begin` on, at least `least`, are so small that they may be decoded at once, whatever their
/// sizes in pixels.
std::int64_t small_files(const ImageFiles& files, std::int64_t begin, std::int64_t least, std::int64_t most) {
  constexpr std::uintmax_t kMostStored = std::uintmax_t{1} << 21;
  std::uintmax_t stored = 0;
  std::int64_t count = 0;
  for (; count < most && (count < least || stored < kMostStored); ++count) {
    std::error_code failure;
    const auto& name = files.files[static_cast<std::size_t>(begin + count)].name;
    const std::uintmax_t size = std::filesystem::file_size(files.folder / name, failure);
    if (!failure) stored += size;
  }
  return count;
}

/// Decodes in parallel, as many files at a time as fit into a little memory, and passes samples on in order. If sizes
/// are kept, a large image may follow small ones at any time.
template <class F>
void decode_all(const ImageFiles& files, const Pass& pass, bool sizes_are_kept, F&& hand_on) {
  constexpr std::int64_t kMostBytes = std::int64_t{1} << 26;
  const Threads threads = Threads::bound();
  const std::int64_t n = std::ssize(files.files), least = threads.count();
  const std::int64_t most = 512 * least;
  std::int64_t largest = kMostBytes / least;
  for (std::int64_t begin = 0; begin < n;) {
    std::int64_t count = std::min(n - begin, std::clamp(kMostBytes / largest, least, most));
    if (sizes_are_kept) count = small_files(files, begin, least, count);
    std::vector<Decoded> decoded(static_cast<std::size_t>(count));
    threads.parallel(count, 1, [&](std::int64_t from, std::int64_t to, int) {
      for (std::int64_t i = from; i < to; ++i)
        decoded[static_cast<std::size_t>(i)] = pass.decode(files.files[static_cast<std::size_t>(begin + i)]);
    });
    largest = 1;
    for (Decoded& one : decoded) {
      if (one.sample) largest = std::max(largest, static_cast<std::int64_t>(one.sample->bytes()));
      hand_on(files.files[static_cast<std::size_t>(begin + (&one - decoded.data()))], one);
    }
    begin += count;
  }
}

void check_options(const ImageOptions& options) {
  if (options.shape && ((*options.shape).rank() != 3 || (*options.shape)[2] < 1 || (*options.shape)[2] > 4))
    throw Error{{.where = "images",
                 .expected = "a model whose input has 1 to 4 channels",
                 .received = to_string_batched(*options.shape)}};
}

}  // namespace

ReadingReport read_images(const ImageFiles& files, const ImageOptions& options, const ImageSink& sink,
                          OtherSizes other_sizes) {
  check_options(options);
  const bool sizes_are_kept = other_sizes == OtherSizes::kept && !options.shape && !options.resize_to;
  const auto decide = [&](const Survey& survey) {
    SampleKind kind = survey.kind(options);
    if (sizes_are_kept) kind.shape = {1, 1, kind.shape[2]};  // not asked for
    return kind;
  };
  SampleKind kind = decide(first_look(files));
  for (bool again = false;; again = true) {
    ReadingReport report = files.found;
    report.files = std::ssize(files.files);
    Survey survey;
    std::uint32_t bits = 0;
    sink.begin(kind);
    decode_all(files, Pass(files, options, kind, sizes_are_kept), sizes_are_kept,
               [&](const ImageFiles::File& file, Decoded& decoded) {
                 if (decoded.header) survey.add(*decoded.header, decoded.size);
                 if (decoded.sample) sink.take(file, *decoded.sample);
                 add(report, decoded, bits);
               });
    if (const SampleKind majority = decide(survey); majority != kind && survey.images > 0 && !again) {
      kind = majority;
      continue;
    }
    add_bits(report, bits);
    return report;
  }
}

void check_reading(const std::string& title, const ImageOptions& options, const ReadingReport& report) {
  const auto& skipped = report.skipped;
  if (skipped.empty() || (options.skip_bad && report.read > 0)) return;
  if (skipped.size() == 1) {
    Error::Parts parts = skipped[0].error.parts();
    if (report.read > 0)
      parts.hint += (parts.hint.empty() ? "" : " ") + std::string("--skip-bad-images leaves it out.");
    throw Error(parts);
  }
  const Error::Kind first = skipped[0].error.kind();
  const bool alike = std::ranges::all_of(skipped, [&](const auto& file) { return file.error.kind() == first; });
  const bool sizes = report.reasons().contains("another size");
  throw Error{{.kind = alike ? first : Error::input,
               .where = printable(title),
               .expected = "PNG and JPEG images that fit",
               .received = fmt::format("{} others: {}", with_commas(std::ssize(skipped)), text_of_skipped(report)),
               .hint = std::string(sizes ? "--resize resizes images of another size. " : "") +
                       (options.skip_bad ? "None is left." : "--skip-bad-images leaves them out.")}};
}

}  // namespace evenkeel
