#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "evenkeel/data/image_files.h"
#include "evenkeel/data/reading_report.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// How images become samples.
struct ImageOptions {
  /// [H, W, C] of samples, as a model's input; absent: what most of the images have.
  std::optional<Shape> shape = {};
  std::optional<Shape> resize_to = {};  ///< [H, W]: all images are resized to it
  bool resize = false;                  ///< an image of another height or width is resized (resize.h), not refused
  bool skip_bad = false;                ///< files that give no sample are left out and reported, not refused
  bool strict_colour = false;           ///< images that are not stored as samples are wanted are refused, not converted
  bool flat = false;                    ///< a folder without subfolders is taken too: samples without labels
  std::optional<DType> dtype = {};      ///< float32: samples keep the range of 16 bits; absent: as most images are
};

/// What all samples are.
struct SampleKind {
  Shape shape;  ///< [H, W, C]
  DType dtype = DType::uint8;
  bool operator==(const SampleKind&) const = default;
};

/// Where samples go, in the order of their files, from the caller's thread.
struct ImageSink {
  /// Before the first sample. Where most images turn out to be of another kind than the first one, all are read again:
  /// it is called again, and what came before is void.
  std::function<void(const SampleKind& kind)> begin;
  std::function<void(const ImageFiles::File& file, TensorView sample)> take;
};

/// How images of another size than most are taken where no size is asked for.
enum class OtherSizes {
  refused,
  kept,  ///< each sample has its own height and width, and the kind's shape has 1 for both
};

/// Reads the files in parallel, with few of them in memory. What they are is told by their first bytes. An Exif
/// orientation is applied; colours become what samples have (pixels.h). Nothing is thrown for a file that gives no
/// sample: the report has it.
ReadingReport read_images(const ImageFiles& files, const ImageOptions& options, const ImageSink& sink,
                          OtherSizes other_sizes = OtherSizes::refused);

/// Throws one Error about all files that gave no sample, unless they may be skipped and others are left.
void check_reading(const std::string& title, const ImageOptions& options, const ReadingReport& report);

}  // namespace evenkeel
