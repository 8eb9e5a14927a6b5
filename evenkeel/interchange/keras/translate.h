#pragma once

#include <string>
#include <vector>

#include "evenkeel/interchange/keras/graph.h"
#include "evenkeel/nn/layer.h"

namespace evenkeel::interchange::keras {

/// That a layer has no counterpart of ours: its class, or the option that we lack.
struct Unsupported {
  std::string what;  ///< "Lambda", "Conv2D with data_format channels_first"
};

/// What a layer is used in.
struct Usage {
  std::vector<Shape> inputs;   ///< with the batch; empty where they are not known
  bool keras_2 = false;        ///< written by Keras 2
  bool multi_backend = false;  ///< by the Keras 2 before tf.keras
  bool frozen = false;         ///< a model around it is not trainable
  Json training = {};          ///< the keyword of its call, or of a model around it: null, true or false
};

/// A layer in ours: a chain of layers, of which at most the first has weights.
struct Translated {
  std::vector<Layer> chain;  ///< empty: the layer's output is its input
  std::vector<std::string> names =
      {};  ///< what is added to the layer's name, by layer of the chain; the first: nothing
  std::vector<std::string> warnings = {};
  std::vector<std::string> recognised = {};
  /// The numbers in the file are not tensors of ours but fields: mean and variance of a Normalization.
  bool has_fixed_statistics = false;
  /// The inputs that it reads, by their places among the call's outputs; empty: all.
  std::vector<std::size_t> reads = {};
};

/// Throws Unsupported; Error where the config is damaged. `where` is for errors.
Translated translate(const Node& node, const Usage& around, const std::string& where);

/// Our normalization by given numbers, with those of the file.
Layer fixed_normalization(const std::vector<double>& mean, const std::vector<double>& variance);

}  // namespace evenkeel::interchange::keras
