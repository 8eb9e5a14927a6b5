#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "evenkeel/data/image_files.h"
#include "evenkeel/data/reading_report.h"
#include "evenkeel/data/resize.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// How images become samples.
struct ImageOptions {
  /// [H, W, C] of samples, such as a model's input; absent: that of most images.
  std::optional<Shape> shape = {};
  std::optional<Shape> resize_to = {};  ///< [H, W]: all images are resized to it
  bool resize = false;                  ///< an image of another height or width is resized (resize.h), not refused
  ResizeMethod resize_method = ResizeMethod::antialiased;
  /// Instead of `resize`, keeping proportions: the shorter side is resized to so many pixels (0: it stays), then the
  /// middle is cut out in the samples' size. As torchvision's Resize and CenterCrop.
  bool crop = false;
  std::int64_t shorter_side = 0;
  bool crop_other_sizes_only = false;  ///< images that have the samples' size already stay as they are
  bool skip_bad = false;               ///< leave out and report files that give no sample, instead of refusing them
  bool strict_colour =
      false;          ///< refuse images with other colours or bits than the samples, instead of converting them
  bool flat = false;  ///< accept a folder without subfolders: samples without labels
  std::optional<DType> dtype = {};  ///< float32: samples keep the range of 16 bits; absent: that of most images
};

/// The kind of all samples.
struct SampleKind {
  Shape shape;  ///< [H, W, C]
  DType dtype = DType::uint8;
  bool operator==(const SampleKind&) const = default;
};

/// Receives samples in the order of their files, on the caller's thread.
struct ImageSink {
  /// Called before the first sample. If most images are of another kind than the first one, all are read again: this is
  /// called again, and earlier samples are void.
  std::function<void(const SampleKind& kind)> begin;
  std::function<void(const ImageFiles::File& file, TensorView sample)> take;
};

/// How images of another size than most are handled if no size is asked for.
enum class OtherSizes {
  refused,
  kept,  ///< each sample has its own height and width, and the kind's shape has 1 for both
};

/// Reads the files in parallel, with few of them in memory. Their kind is recognised by their first bytes. An Exif
/// orientation is applied; colours are converted to those of samples (pixels.h). Does not throw for a file that gives
/// no sample: the report has it.
ReadingReport read_images(const ImageFiles& files, const ImageOptions& options, const ImageSink& sink,
                          OtherSizes other_sizes = OtherSizes::refused);

/// The kind of samples that read_images would make, judged by at most so many of the files, spread evenly.
SampleKind expected_kind(const ImageFiles& files, const ImageOptions& options, std::int64_t looked_at);

/// Throws one Error about all files that gave no sample, unless they may be skipped and others are left.
void check_reading(const std::string& title, const ImageOptions& options, const ReadingReport& report);

}  // namespace evenkeel
