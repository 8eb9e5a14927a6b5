#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evenkeel/nn/model.h"

// A model as the boxes of a diagram, before anything has a place.

namespace evenkeel {

/// A layer, or those that stand in the same place of a folded block's repetitions.
struct LayerLine {
  std::string type, name;             ///< "Conv2D"; "conv2d", "conv2d ... conv2d_18"
  std::vector<std::string> settings;  ///< those that differ from the default: "filters 4, 8, 12, … 76"
  std::string shape;                  ///< of the output of one sample: "28×28×4"; empty in a folded block
  std::int64_t parameters = 0;        ///< of all repetitions
};

/// One layer, or a block of layers that comes several times in a row.
struct LayerBox {
  std::vector<LayerLine> lines;
  std::size_t times = 1;
  std::vector<std::string> outputs = {};  ///< of a folded block: the output's shape after each repetition
};

/// Boxes one below the other: layers that read just the one before them.
struct LayerStack {
  std::vector<LayerBox> boxes;
  std::vector<std::size_t> reads = {};  ///< earlier stacks
};

/// The model's input is the first box. Throws Error where the model's layers do not fit.
std::vector<LayerStack> stacks_of(const Model& model);

}  // namespace evenkeel
