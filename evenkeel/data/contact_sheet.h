#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

struct SheetRow {
  std::string label;  ///< the name or else the number of the class whose images these are; empty without labels
  Tensor images;      ///< uint8 [H, ..., channels], side by side with gaps of two pixels
  std::vector<std::int64_t> samples = {};  ///< which these are, from left to right
};

/// The first images of a data set, `columns` to a row, at most `count` of them. With integer labels each row shows one
/// class, from class 0 on; a class with fewer images leaves the rest of its row empty. float32 pixels are spread from
/// their least and largest value over 0 to 255. Throws Error unless samples are images [H, W, 1 or 3] and columns and
/// count are 1 or more.
std::vector<SheetRow> sheet_rows(const Dataset& dataset, std::int64_t columns, std::int64_t count);

/// The same as one image, uint8 [height, width, channels]: the rows with gaps of two pixels, labels on their left.
Tensor contact_sheet(const Dataset& dataset, std::int64_t columns, std::int64_t count);

}  // namespace evenkeel
