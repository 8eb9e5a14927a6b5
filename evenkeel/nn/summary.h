#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/nn/model.h"

namespace evenkeel {

/// Keras's class for a model's input.
inline constexpr std::string_view kInputType = "InputLayer";

struct LayerSummary {
  std::string name;
  std::string type;    ///< Keras's class: "Conv2D"; "InputLayer" for an Input
  Shape output_shape;  ///< of one sample, without the batch axis
  bool is_input = false;
  std::int64_t parameters = 0;                 ///< moving statistics included, as Keras counts
  std::vector<std::string> connected_to = {};  ///< the layers and the model's inputs that it reads
};

/// What a model consists of. Moving statistics and the tensors of layers that are not trainable count as non-trainable.
struct ModelSummary {
  std::string name;
  std::vector<LayerSummary> layers = {};  ///< in a graph without an Input layer, the inputs come first
  bool is_chain = true;                   ///< every layer reads only the one before it
  std::vector<std::string> outputs = {};  ///< the layers whose outputs are the model's, the main one first
  std::int64_t total = 0, trainable = 0, non_trainable = 0;  ///< parameters, of 4 bytes each
};

/// Summarizes a model. Throws Error where layers do not fit.
ModelSummary summarize(const Model& model);

/// The table of Keras 3's model.summary(), with columns as wide as their longest word. Ends with a newline.
std::string to_string(const ModelSummary& summary);
std::string summary(const Model& model);

}  // namespace evenkeel
