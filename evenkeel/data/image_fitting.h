#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/data/image_reading.h"
#include "evenkeel/formats/image_header.h"

namespace evenkeel {

/// The result of one file: a sample, or why there is none.
struct FittedImage {
  std::optional<Tensor> sample = {};
  std::optional<ReadingReport::Skipped> skipped = {};
  std::optional<formats::ImageHeader> header = {};  ///< if the pixels could be decoded
  std::pair<std::int64_t, std::int64_t> size = {};  ///< height and width, with the orientation applied
  std::vector<std::string> converted = {};
  bool resized = false;
  std::uint32_t bits = 0;  ///< all bits that are set in a 16-bit image
};

/// Height and width, with the orientation applied.
std::pair<std::int64_t, std::int64_t> size_seen(const formats::ImageHeader& header);
/// "480 x 640"
std::string size_text(std::int64_t height, std::int64_t width);
/// More than 8 bits a channel.
inline bool is_wide(const formats::ImageHeader& header) { return header.bits == 16; }

/// Makes samples of one kind from image files. Several threads may use it at once.
class ImageFitter {
 public:
  /// With `sizes_are_kept`, samples keep their height and width.
  ImageFitter(const ImageFiles& files, const ImageOptions& options, SampleKind kind, bool sizes_are_kept);

  /// Reads the file, decodes and fits it. Does not throw for a file that gives no sample.
  FittedImage fitted(const ImageFiles::File& file) const;
  /// The same from the bytes of the file.
  FittedImage fitted(const ImageFiles::File& file, formats::BytesView bytes) const;

 private:
  bool has_size(const std::pair<std::int64_t, std::int64_t>& size) const;
  bool resizes() const;
  bool crops(const std::pair<std::int64_t, std::int64_t>& size) const;
  std::pair<std::int64_t, std::int64_t> size_to_crop(const std::pair<std::int64_t, std::int64_t>& size) const;
  std::string because() const;
  bool is_refused_colour(const formats::ImageHeader& header) const;
  std::string why_unfit(const formats::ImageHeader& header, const std::pair<std::int64_t, std::int64_t>& size) const;
  Error unfit(const ImageFiles::File& file, const formats::ImageHeader& header,
              const std::pair<std::int64_t, std::int64_t>& size) const;
  void fit(FittedImage& result, Tensor pixels) const;

  const ImageFiles& files_;
  const ImageOptions& options_;
  SampleKind kind_;
  bool sizes_are_kept_;
};

}  // namespace evenkeel
