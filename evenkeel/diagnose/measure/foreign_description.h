#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/diagnose/measure/measured_network.h"

namespace evenkeel {

/// A network of another framework as it describes itself, in our terms. In its model a tensor is
/// "<layer>/<role>" ("layer3.0.bn2/gamma"), so that everything that reads models and roles works.
struct ForeignDescription {
  /// What our tensors are there.
  struct Tensor {
    std::string theirs;                        ///< "layer3.0.bn2.weight"
    bool has_initializer = false;              ///< whether it says how initial values are drawn
    std::optional<InitialRange> uniform = {};  ///< where that is an initializer that we do not have
  };
  std::string framework = {};  ///< "torch", "keras"
  Model model{Shape{1}};       ///< of ForeignLayers, named for the network's class
  std::vector<WeightInfo> weights = {};
  std::vector<Tensor> tensors = {};         ///< by weight
  std::vector<std::string> layers = {};     ///< their names, by layer
  std::int64_t outputs = 0, positions = 1;  ///< positions * K, and the positions of a sample's output
  Loss loss = {};
  bool loss_reads_scores = false;  ///< it undoes a final softmax or sigmoid, as Keras's does by default
  std::optional<std::uint64_t> updates = {};
  std::optional<std::int64_t> batch_size = {};
  std::vector<std::string> lost = {};              ///< what cannot be seen there, a sentence each
  std::map<std::string, std::string> cannot = {};  ///< measurements that it cannot make, and why: "gradients"
};

/// Reads the description, which is JSON:
///
///     {"framework": "torch", "class": "ResNet", "input_shape": [32, 32, 3], "outputs": 10, "loss": "cross_entropy",
///      "scores": "logits" or "probabilities", "layers": [{"name": "layer3.0.bn2", "kind": "BatchNorm2d",
///      "inputs": [7], "output_shape": [8, 8, 64], "traits": {...}, "weights": [{"name": "layer3.0.bn2.weight",
///      "role": "gamma", "shape": [64], "trainable": true, "initializer": "ones"}, ...], "trainable": true}, ...],
///      "output": 60, "records": {"updates": 3910}, "lost": [...], "cannot": {"gradients": "why"}}
///
/// Inputs are indices of layers before, -1 the network's input. Traits have the names of LayerTraits. Throws Error that
/// says what does not fit, and where.
ForeignDescription foreign_description(std::string_view json);

}  // namespace evenkeel
