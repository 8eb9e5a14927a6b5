#pragma once

#include <string>
#include <vector>

#include "evenkeel/interchange/keras/graph.h"
#include "evenkeel/nn/layer.h"

namespace evenkeel::interchange::keras {

// What Keras has no option for becomes a layer of its own, beside the one that needs it. The importer puts them
// together again, by these endings of their names.
inline constexpr const char* kPaddingEnding = ".padding";        ///< a ZeroPadding2D before a convolution
inline constexpr const char* kActivationEnding = ".activation";  ///< an activation with parameters after a layer

/// A layer as Keras has it.
struct Expressed {
  std::string type;
  Json config;  ///< without a name
  std::string module = "keras.layers";
  std::string ending = {};  ///< of its name; empty: the layer itself, which has the weights
};

/// Our layer as a chain of Keras's. Sentences on what Keras cannot say are added to `lost`. `input` is the shape of its
/// first input, with the batch. Throws Unsupported for what Keras does not have.
std::vector<Expressed> express(const Layer& layer, const Shape& input, std::vector<std::string>& lost);

/// Whether Keras is to call the layer with training=False.
bool is_called_in_evaluation(const Layer& layer);

/// The graph with relu6(x + 3) / 6 as one hard sigmoid, also in the models inside it.
void join_patterns(Node& model);

/// The graph with the layers of these endings put back into the layers that they are beside.
void join_split_layers(Node& model);

}  // namespace evenkeel::interchange::keras
