#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evenkeel/nn/model.h"

// A model as the boxes of a diagram, before the layout.

namespace evenkeel {

/// A layer, or the layers at one place in all repetitions of a folded block.
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

/// Boxes one below the other: layers that read only the one before them.
struct LayerStack {
  std::vector<LayerBox> boxes;
  std::vector<std::size_t> reads = {};  ///< earlier stacks
};

/// The stacks of a model. Its inputs are the first boxes. Throws Error if the model is not valid.
std::vector<LayerStack> stacks_of(const Model& model);

}  // namespace evenkeel
