#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/data/label_mapping.h"

namespace evenkeel {

/// How arrays become samples and labels.
struct ArrayOptions {
  bool channels_first = false;                        ///< images are [N, C, H, W]
  LabelMapping labels = LabelMapping::none;           ///< what integer or text labels become
  std::function<void(const std::string&)> note = {};  ///< told what was recognised or converted, and what looks wrong
};

/// A data set from an .npz file. Its arrays are known by their names (npz_layout.h), `split` chooses those of x_train,
/// x_test, ...; two arrays of other names by their shapes. Converted, if no value changes:
/// - samples: [N, H, W, C] or [N, F] of uint8 or float32; from [N, H, W], [N], integers and float64;
/// - labels [N]: from [N, 1], one-hot integers, whole floats; or targets [N, K] of float32, from [N] and float64.
/// Targets may be absent (to predict). Throws Error where the arrays are none of these, or a value would change.
Dataset load_npz_dataset(const std::filesystem::path& path, const ArrayOptions& options = {},
                         const std::string& split = {});

/// The splits that the file's names make ("train", "test"); empty where it has one set alone.
std::vector<std::string> npz_splits(const std::filesystem::path& path);

}  // namespace evenkeel
