#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/label_mapping.h"
#include "evenkeel/tensor/tensor.h"

// Converts arrays as people save them to what a Dataset accepts. No value changes: if one would, that is an Error.

namespace evenkeel {

/// What to report about arrays that were read.
struct ConversionNotes {
  std::vector<std::string> conversions;  ///< "a channel axis was added to x"
  std::vector<std::string> doubts;       ///< what was loaded but may be meant differently; full sentences
};

/// Converts an array of samples to uint8 or float32 [N, H, W, C] or [N, F]. `name` is the array's. `sample` is the
/// shape that a model takes: an array [N, *sample] of any rank but that of images keeps its axes.
Tensor as_samples(const std::string& where, const std::string& name, Tensor x, bool channels_first,
                  ConversionNotes& notes, const std::optional<Shape>& sample = {});

/// The same numbers in float32. Throws Error unless float32 holds every one.
Tensor as_float32(const std::string& where, const std::string& name, const Tensor& tensor);

struct AsTargets {
  Tensor y;                              ///< int32 labels [N], or float32 targets [N, K]
  std::vector<std::string> class_names;  ///< of mapped labels
};

/// `sample` is the shape of a model's output. If it has positions, [H, W, K], targets for each of them are numbers
/// [N, H, W, K] or classes [N, H, W]; both become [N, H * W * K].
AsTargets as_targets(const std::string& where, const std::string& name, Tensor y, LabelMapping mapping,
                     ConversionNotes& notes, const std::optional<Shape>& sample = {});
/// The same for texts, of an array with that shape.
AsTargets as_targets(const std::string& where, const std::string& name, const std::vector<std::string>& texts,
                     const Shape& shape, LabelMapping mapping, ConversionNotes& notes);

}  // namespace evenkeel
