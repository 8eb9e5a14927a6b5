#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// How images become samples.
struct ImageOptions {
  std::optional<Shape> shape = {};  ///< [H, W, C] that they must have, as a model's input; absent: the first image's
  bool resize = false;              ///< an image of another height or width is resized (resize.h), not refused
  /// Given: an image that cannot be read is left out, and this is told why. Absent: it is an error.
  std::function<void(const Error&)> on_bad_image = {};
};

/// A data set from a folder with one subfolder of PNG or JPEG images per class. Classes are the subfolders in the order
/// of their names, samples come class by class in the order of their file names; hidden entries (".cache") are passed
/// over. uint8 [N, H, W, C] with one channel from gray images, three from RGB. Throws Error, naming the file and saying
/// how to go on, unless all images have the same size and channels; for transparency, for an image that cannot be
/// read, for a class without images and for any other file.
Dataset load_image_folder(const std::filesystem::path& folder, const ImageOptions& options = {});

/// One or more images as samples without labels, in the given order; errors as above.
Dataset load_images(const std::vector<std::filesystem::path>& files, const ImageOptions& options = {});

}  // namespace evenkeel
