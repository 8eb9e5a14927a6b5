#pragma once

#include <filesystem>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// A data set from a folder with one subfolder of PNG images per class. Classes are the subfolders in the order of
/// their names, samples come class by class in the order of their file names; hidden entries (".cache") are passed
/// over. uint8 [N, H, W, C] with one channel from gray images, three from RGB. Throws Error, naming the file, unless
/// all images have the same size and channels; for transparency, for a class without images and for any other file.
Dataset load_image_folder(const std::filesystem::path& folder);

/// One or more PNG images as samples without labels, in the given order; errors as above.
Dataset load_images(const std::vector<std::filesystem::path>& files);

}  // namespace evenkeel
