#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/data/image_reading.h"

namespace evenkeel {

/// Small copies of some images of a folder, for a contact sheet.
struct Preview {
  Dataset images;
  std::vector<std::int64_t> files = {};  ///< which of the files each image is
};

/// The first `per_class` images of each class, without labels the first of all; no other file is opened. Large ones are
/// shrunk to 128 pixels. Those of several sizes are put into the middle of gray ones of one size, unless
/// options.resize_to is given. Throws Error as load_images.
Preview preview(const ImageFiles& files, const ImageOptions& options, std::int64_t per_class);

}  // namespace evenkeel
