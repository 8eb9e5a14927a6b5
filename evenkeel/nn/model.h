#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "evenkeel/nn/layer.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel {

/// A network's description: plain data, no weights. A graph of layers with one input and one output, the last layer.
class Model {
 public:
  struct Node {
    Layer layer;              ///< named
    std::vector<int> inputs;  ///< indices of earlier layers; -1: the model's input
  };

  /// `input_shape` is that of one sample: [H, W, C] or [F].
  explicit Model(Shape input_shape, std::string name = "model");

  /// Appends a layer. A layer without a name gets Keras's: "conv2d", "conv2d_1", ...
  /// `inputs` names the layers it reads ("input" is the model's input); empty: the last layer.
  /// Returns the layer's name. Throws Error for a name that is taken or an input that is unknown.
  std::string append(Layer layer, const std::vector<std::string>& inputs = {});

  const std::string& name() const { return name_; }
  void set_name(std::string name);
  const Shape& input_shape() const { return input_shape_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  int layers() const { return static_cast<int>(nodes_.size()); }
  /// The index of the layer with that name, or -1.
  int find(const std::string& layer) const;
  /// The name that the next layer of this type gets if it has none.
  std::string default_name(std::string_view type) const;

 private:
  int index_of_input(const std::string& name) const;

  std::string name_;
  Shape input_shape_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string, int> index_;    ///< of the layers, by name
  std::unordered_map<std::string, int> unnamed_;  ///< layers of a type that got a name from Keras's scheme
};

/// The easy way to write a chain:
///     Sequential model({28, 28, 1});
///     model.add(Conv2D{.filters = 8}, Flatten{}, Dense{.units = 10});
class Sequential : public Model {
 public:
  using Model::Model;
  template <class... Layers>
  Sequential& add(Layers... layers) {
    (append(Layer(std::move(layers))), ...);
    return *this;
  }
};

/// Keras's name for a class: "BatchNormalization" -> "batch_normalization", "Conv2D" -> "conv2d".
std::string snake_case(std::string_view type);

}  // namespace evenkeel
