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
#include "evenkeel/data/image_fitting.h"
#include "evenkeel/formats/image.h"
#include "evenkeel/formats/image_header.h"

namespace evenkeel {
namespace {

using formats::ImageHeader;

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
std::optional<ImageHeader> header_of(const ImageFiles& files, const ImageFiles::File& file) {
  try {
    const formats::Bytes bytes = files.read(file);
    formats::decode_image(bytes, "image");
    return formats::image_header(bytes);
  } catch (const Error&) {
    return {};  // the pass reports it
  }
}

/// The kind of the first file that has one.
Survey first_look(const ImageFiles& files) {
  Survey survey;
  for (const ImageFiles::File& file : files.files)
    if (const auto header = header_of(files, file)) {
      survey.add(*header, size_seen(*header));
      break;
    }
  return survey;
}

void add(ReadingReport& report, FittedImage& decoded, std::uint32_t& bits) {
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
  for (; count < most && (count < least || stored < kMostStored); ++count)
    stored += files.stored_bytes(files.files[static_cast<std::size_t>(begin + count)]);
  return count;
}

/// Decodes in parallel, as many files at a time as fit into a little memory, and passes samples on in order. If sizes
/// are kept, a large image may follow small ones at any time.
template <class F>
void decode_all(const ImageFiles& files, const ImageFitter& fitter, bool sizes_are_kept, F&& hand_on) {
  constexpr std::int64_t kMostBytes = std::int64_t{1} << 26;
  const Threads threads = Threads::bound();
  const std::int64_t n = std::ssize(files.files), least = threads.count();
  const std::int64_t most = 512 * least;
  std::int64_t largest = kMostBytes / least;
  for (std::int64_t begin = 0; begin < n;) {
    std::int64_t count = std::min(n - begin, std::clamp(kMostBytes / largest, least, most));
    if (sizes_are_kept) count = small_files(files, begin, least, count);
    std::vector<FittedImage> decoded(static_cast<std::size_t>(count));
    threads.parallel(count, 1, [&](std::int64_t from, std::int64_t to, int) {
      for (std::int64_t i = from; i < to; ++i)
        decoded[static_cast<std::size_t>(i)] = fitter.fitted(files.files[static_cast<std::size_t>(begin + i)]);
    });
    largest = 1;
    for (FittedImage& one : decoded) {
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
    decode_all(files, ImageFitter(files, options, kind, sizes_are_kept), sizes_are_kept,
               [&](const ImageFiles::File& file, FittedImage& decoded) {
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

SampleKind expected_kind(const ImageFiles& files, const ImageOptions& options, std::int64_t looked_at) {
  check_options(options);
  const std::int64_t n = std::ssize(files.files), looks = std::min(n, looked_at);
  Survey survey;
  for (std::int64_t i = 0; i < looks; ++i)
    if (const auto header = header_of(files, files.files[static_cast<std::size_t>(i * n / looks)]))
      survey.add(*header, size_seen(*header));
  return survey.kind(options);
}

void check_reading(const std::string& title, const ImageOptions& options, const ReadingReport& report) {
  const auto& skipped = report.skipped;
  if (skipped.empty() || (options.skip_bad && report.read > 0)) return;
  if (skipped.size() == 1) {
    Error::Parts parts = skipped[0].error.parts();
    if (report.read > 0) parts.hint.append(parts.hint.empty() ? "" : " ").append("--skip-bad-images leaves it out.");
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
