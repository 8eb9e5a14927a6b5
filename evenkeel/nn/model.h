#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "evenkeel/nn/layer.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel {

/// A network's description: plain data, no weights. A graph of layers with inputs and outputs that have names. Most
/// models have one input, "input", and one output, the last layer.
class Model {
 public:
  struct Input {
    std::string name;
    Shape shape;  ///< of one sample: [H, W, C] or [F]
    bool operator==(const Input&) const = default;
  };
  struct Node {
    Layer layer;              ///< named
    std::vector<int> inputs;  ///< indices of earlier layers; -1, -2, ...: the model's first, second, ... input
  };

  /// A model with one input, "input". `input_shape` is that of one sample.
  explicit Model(Shape input_shape, std::string name = "model");
  /// A model with inputs of these names. Throws Error unless there is at least one and the names differ.
  static Model with_inputs(std::vector<Input> inputs, std::string name = "model");

  /// Appends a layer. A layer without a name gets Keras's: "conv2d", "conv2d_1", ...
  /// `inputs` names the layers and the model's inputs that it reads; empty: the last layer, or the model's first input.
  /// Returns the layer's name. Throws Error for a name that is taken or an input that is unknown.
  std::string append(Layer layer, const std::vector<std::string>& inputs = {});

  /// Names the layers whose outputs are the model's; the first is the main one, which metrics and scores are of.
  /// Without this call the last layer is the only output. Throws Error for an unknown or repeated name, or none.
  void set_outputs(const std::vector<std::string>& layers);

  /// The same graph with other layers, each under its old name.
  Model with_layers(const std::function<Layer(const Layer&)>& changed) const;

  const std::string& name() const { return name_; }
  void set_name(std::string name);
  const std::vector<Input>& inputs() const { return inputs_; }
  const Shape& input_shape() const { return inputs_.front().shape; }  ///< of the first input
  /// The input that a negative number of Node::inputs means.
  const Input& input_at(int index) const { return inputs_[static_cast<std::size_t>(-1 - index)]; }
  const std::vector<Node>& nodes() const { return nodes_; }
  int layers() const { return static_cast<int>(nodes_.size()); }
  std::vector<int> outputs() const;  ///< indices of layers, the main one first; empty in a model without layers
  int output() const { return outputs_.empty() ? layers() - 1 : outputs_.front(); }  ///< the main one
  bool is_output(int layer) const;
  /// The name of a layer, or of the model's input that a negative index means.
  const std::string& name_of(int index) const;
  /// The index of the layer with that name, or -1.
  int find(const std::string& layer) const;
  /// The name that the next layer of this type gets if it has none.
  std::string default_name(std::string_view type) const;

 private:
  /// The index of a layer, or of the model's input. `where` is for the error.
  int index_of(const std::string& name, const char* where, bool or_input) const;

  std::string name_;
  std::vector<Input> inputs_;
  std::vector<Node> nodes_;
  std::vector<int> outputs_;                      ///< empty: the last layer
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
