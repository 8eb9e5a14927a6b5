#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/data/label_mapping.h"

namespace evenkeel {

/// How arrays become samples and labels.
struct ArrayOptions {
  /// An input of the model that the set is for.
  struct Input {
    std::string name;
    Shape sample;
    /// Arrays [N, C, H, W] fit too, if they are this shape with channels first: that of a network from elsewhere.
    bool or_channels_first = false;
  };
  bool channels_first = false;               ///< images are [N, C, H, W]
  LabelMapping labels = LabelMapping::none;  ///< what integer or text labels become
  std::function<void(const std::string&)> note =
      {};                          ///< called with what was recognised or converted, and what looks wrong
  std::vector<Input> inputs = {};  ///< of the model, in its order; empty: not known
  std::optional<Shape> output =
      {};  ///< of the model, a sample's main one: [K], or [H, W, K] with targets for each position
};

/// A data set from an .npz file. Its arrays are recognised by their names (npz_layout.h); two arrays with other names
/// by their shapes. `split` chooses among x_train, x_test, ... Arrays are converted if no value changes:
/// - samples of several inputs: arrays of their names; of one, that array or one recognised as above. An array whose
///   samples have the input's shape stays as it is;
/// - samples: [N, H, W, C] or [N, F] of uint8 or float32; from [N, H, W], [N], integers and float64;
/// - labels [N]: from [N, 1], one-hot integers, whole floats; or targets [N, K] of float32, from [N] and float64;
/// - targets for each position of a sample, [N, H, W, K] or classes [N, H, W], as [N, H * W * K].
/// Targets may be absent (to predict). Throws Error if the arrays are none of these, or a value would change.
Dataset load_npz_dataset(const std::filesystem::path& path, const ArrayOptions& options = {},
                         const std::string& split = {});

/// The splits in the names of the file's arrays ("train", "test"); empty if it has a single set.
std::vector<std::string> npz_splits(const std::filesystem::path& path,
                                    const std::vector<ArrayOptions::Input>& inputs = {});

}  // namespace evenkeel
