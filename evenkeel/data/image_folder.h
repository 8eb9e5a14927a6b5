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
  std::optional<Shape> shape =
      {};               ///< [H, W, C] that they must have, such as a model's input; absent: that of the first image
  bool resize = false;  ///< resize an image of another height or width (resize.h) instead of refusing it
  /// If set, an image that cannot be read is left out, and this is called with the reason. Otherwise it is an error.
  std::function<void(const Error&)> on_bad_image = {};
};

/// A data set from a folder with one subfolder of PNG or JPEG images per class. Classes are the subfolders in the order
/// of their names, samples come class by class in the order of their file names; hidden entries (".cache") are ignored.
/// uint8 [N, H, W, C] with one channel from gray images, three from RGB. Throws Error, which names the file and says
/// what to do, if images differ in size or channels, have transparency or cannot be read, if a class has no images, and
/// for any other file.
Dataset load_image_folder(const std::filesystem::path& folder, const ImageOptions& options = {});

/// One or more images as samples without labels, in the given order; errors as above.
Dataset load_images(const std::vector<std::filesystem::path>& files, const ImageOptions& options = {});

}  // namespace evenkeel
