#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

struct SheetRow {
  std::string label;                       ///< the name of the images' class, else its number; empty without labels
  Tensor images;                           ///< uint8 [H, ..., channels], side by side with gaps of two pixels
  std::vector<std::int64_t> samples = {};  ///< indices of the images, from left to right
};

/// The first images of a data set, `columns` to a row, at most `count` of them. With integer labels there is a row for
/// each class, empty where it has no samples: a smaller count makes the rows shorter, and one below the number of
/// classes leaves out the last of them. float32 pixels are scaled so that the
/// smallest becomes 0 and the largest 255. Throws Error unless samples are images [H, W, 1 or 3] and columns and count
/// are at least 1.
std::vector<SheetRow> sheet_rows(const Dataset& dataset, std::int64_t columns, std::int64_t count);

/// The same as one image, uint8 [height, width, channels]: the rows with gaps of two pixels, labels on their left.
Tensor contact_sheet(const Dataset& dataset, std::int64_t columns, std::int64_t count);

}  // namespace evenkeel
