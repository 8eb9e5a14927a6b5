#pragma once

#include <filesystem>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// A data set from an .npz file: `x` [N, H, W, C] or [N, F] of uint8 or float32, and `y` [N] of integer labels or
/// [N, K] of float32 targets. `y` may be absent (to predict). Other arrays are ignored. Throws Error, with the NumPy
/// expression that helps where there is one.
Dataset load_npz_dataset(const std::filesystem::path& path);

}  // namespace evenkeel
