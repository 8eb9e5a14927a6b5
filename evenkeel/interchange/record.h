#pragma once

#include <string>
#include <vector>

#include "evenkeel/tensor/shape.h"

namespace evenkeel::interchange {

/// Where one of our tensors is in the foreign file, and how the two are laid out.
///
/// Ours is the foreign one, seen in `seen_as` (its own shape, if that is empty), with its axes in the order `axes`:
/// axis i of ours is axis axes[i] of the one seen; then reshaped to our shape. A kernel [O, I, H, W] of a convolution
/// has axes [2, 3, 1, 0]. The rows of a dense layer after a flattened [C, H, W] are a weight [K, C*H*W] seen as
/// [K, C, H, W] with axes [2, 3, 1, 0], reshaped to [H*W*C, K].
struct TensorRecord {
  std::string name;     ///< ours: "conv2d/kernel"
  std::string foreign;  ///< "conv1.weight"; empty if the file has no such tensor and `constant` was used
  Shape foreign_shape;
  Shape seen_as = {};          ///< empty: foreign_shape
  std::vector<int> axes = {};  ///< empty: as they are
  bool operator==(const TensorRecord&) const = default;
};

struct LayerRecord {
  std::string name;     ///< ours
  std::string foreign;  ///< the layer's or node's in its file: "layer1.0.bn1"; several nodes joined by ", "
  std::string type;     ///< the foreign operator or class: "BatchNormalization"
  std::vector<TensorRecord> tensors;
  std::int64_t updates = -1;  ///< of the moving statistics (PyTorch's num_batches_tracked); -1: the file does not say
  bool operator==(const LayerRecord&) const = default;
};

/// An input or output of the model.
struct PortRecord {
  std::string name;     ///< ours: of the model's input, or of the layer that is an output
  std::string foreign;  ///< the graph's
  Shape foreign_shape;  ///< of one sample in the foreign layout: [3, 224, 224]
  /// Axis i of our sample is axis axes[i] of the foreign sample (both without the batch); empty: as they are. A
  /// flattened [C, H, W] is seen as that shape first.
  std::vector<int> axes = {};
  Shape seen_as = {};  ///< empty: foreign_shape
  bool operator==(const PortRecord&) const = default;
};

/// What is known of a network that came from another program's file: import.json. Findings and errors take foreign
/// names from it, and the way back into such a file its tensors.
struct Record {
  std::string format;    ///< "onnx", "keras" or "h5"
  std::string file;      ///< the path as it was given
  std::string producer;  ///< "pytorch 2.15.0"; empty: unknown
  std::string version;   ///< "opset 18", "Keras 3.15"
  std::vector<PortRecord> inputs, outputs;
  std::vector<LayerRecord> layers;      ///< in the model's order; a layer of ours without a foreign one is not here
  std::vector<std::string> lost;        ///< what the file cannot tell, a sentence each
  std::vector<std::string> recognised;  ///< "x * sigmoid(x) is a swish: features.1.2", a phrase each
  std::vector<std::string> warnings;    ///< sentences
  /// crc32c of the file, 8 hexadecimal digits, where a folder of its own was made of it; else empty.
  std::string checksum = {};
  std::string preprocess = {};  ///< the preprocessing that was added to the model (preprocessing.h); empty: none

  const LayerRecord* find(const std::string& layer) const;  ///< by our name; nullptr if there is none
  /// The layer's name in its file; empty if that is unknown, or the same as ours.
  std::string other_name(const std::string& layer) const;
  bool operator==(const Record&) const = default;
};

}  // namespace evenkeel::interchange
