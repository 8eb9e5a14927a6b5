#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/data/image_reading.h"

namespace evenkeel {

/// Small copies of some images of a folder, for a contact sheet.
struct Preview {
  Dataset images;
  std::vector<std::int64_t> files = {};  ///< the index of each image's file
};

/// The first `per_class` images of each class, or without labels the first of all; no other file is opened. Large
/// images are shrunk to 128 pixels. Images of several sizes are put into the middle of gray images of one size, unless
/// options.resize_to is given. Throws Error as load_images.
Preview preview(const ImageFiles& files, const ImageOptions& options, std::int64_t per_class);

}  // namespace evenkeel
