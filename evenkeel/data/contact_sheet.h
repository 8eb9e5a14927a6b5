#pragma once

#include <cstdint>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// The first images of a data set as one image, uint8 [height, width, channels], `columns` to a row with gaps of two
/// pixels, at most `count` of them. With integer labels each row shows one class, from class 0 on; a class with fewer
/// images leaves the rest of its row empty. float32 pixels are spread from their least and largest value over 0 to
/// 255. Throws Error unless samples are images [H, W, 1 or 3] and columns and count are 1 or more.
Tensor contact_sheet(const Dataset& dataset, std::int64_t columns, std::int64_t count);

}  // namespace evenkeel
