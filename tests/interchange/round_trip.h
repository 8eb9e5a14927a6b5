#pragma once

#include <string>

#include "evenkeel/interchange/imported.h"
#include "tests/interchange/foreign_cases.h"

// A model of ours, written as another program's file and read again.

namespace evenkeel::interchange {

enum class Format {
  onnx,
  onnx_graph,  ///< without the metadata in which this program writes the model itself: as others read the file
  keras
};

/// Weights of a model, all drawn, statistics too; and the same from a name to a value, so that a tensor that comes back
/// in another order or place is seen.
formats::SafetensorsFile drawn_weights(const Model& model, std::uint64_t seed);

/// Arrays for the model's inputs: [samples, ...] of a few hundred different numbers.
Arrays drawn_inputs(const Model& model, std::int64_t samples, std::uint64_t seed);

/// Writes the model into a folder and reads it again.
struct Back {
  Imported imported;
  Record written;  ///< how the file lays out its inputs and outputs
};
Back written_and_read(const Model& model, const formats::SafetensorsFile& weights, Format format,
                      const std::filesystem::path& folder, bool training = true);

/// Outputs of the model for these inputs, by their order, then the moving statistics after that; noise is off.
std::vector<Tensor> computed(const Model& model, const formats::SafetensorsFile& weights, const Arrays& inputs,
                             Mode mode);

/// What differs between what the model computes and what it computes after the way there and back, in a mode; empty if
/// no result is further away than `allowed` (L2, relative; 0: every bit is equal). The moving variance is the biased
/// one where the format knows no other.
std::string difference_after_round_trip(const Model& model, Format format, const std::filesystem::path& folder,
                                        Mode mode, std::int64_t samples = 3, double allowed = 0);

}  // namespace evenkeel::interchange
