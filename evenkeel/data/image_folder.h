#pragma once

#include <filesystem>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/data/image_reading.h"

namespace evenkeel {

/// A data set from a folder with one subfolder of PNG or JPEG images per class (list_image_folder, read_images).
/// Classes are the subfolders in the order of their names, samples come class by class in the order of their file
/// names. uint8 [N, H, W, C]; float32 from 0 to 65535 if most images have 16 bits. Samples have the names of their
/// files, and the set has the report on reading them. Throws one Error about all files that give no sample.
Dataset load_image_folder(const std::filesystem::path& folder, const ImageOptions& options = {});

/// The same for one or more images, as samples without labels, in the given order.
Dataset load_images(const std::vector<std::filesystem::path>& files, const ImageOptions& options = {});

/// The same from a list.
Dataset load_images(const ImageFiles& files, const ImageOptions& options);

}  // namespace evenkeel
