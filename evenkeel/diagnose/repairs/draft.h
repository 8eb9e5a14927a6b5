#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/train/checkpoint.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// A network as plain data that can be changed: layers and tensors, without programs. Tensors are float64, so that
/// several changes are rounded only once, when a network is made.
class Draft {
 public:
  /// Uses the averages of the weights if the optimizer keeps them, as evaluation does.
  explicit Draft(Network& network);
  Draft(const Model& model, const NamedTensors& tensors);

  /// Throws Error if layers and tensors do not fit.
  std::unique_ptr<Network> network(const NetworkOptions& options) const;
  Model model() const;
  int layers() const { return static_cast<int>(nodes_.size()); }
  const Layer& layer(int index) const { return node(index).layer; }
  LayerTraits traits(int index) const { return layer(index).traits(); }
  const std::string& name(int index) const { return node(index).layer.name(); }
  const std::vector<int>& inputs(int index) const { return node(index).inputs; }
  /// The layers that read this one (-1: the model's first input), in order.
  std::vector<int> readers(int index) const;
  /// The only layer that reads this one; -1 if there is none, or several, or this one is an output of the model.
  int only_reader(int index) const;
  bool is_output(int index) const;
  int output() const { return outputs_.front(); }  ///< the main one
  /// The output shape of one sample, by layer.
  std::vector<Shape> output_shapes() const;
  /// The normalizations in the order of the description, with their present indices.
  std::vector<Normalization> normalizations() const { return evenkeel::normalizations(model()); }
  /// One of them, by name.
  Normalization normalization(const std::string& name) const;

  /// Replaces a layer; the new layer keeps the old name.
  void replace(int index, const Layer& layer);
  /// Removes a layer with one input, and its tensors. Its readers then read what it read, which becomes an output of
  /// the model if it was one.
  void remove(int index);
  /// Inserts a layer between a layer with one input and what that reads.
  void insert_before(int reader, const Layer& layer);

  bool has(const std::string& tensor) const { return tensors_.contains(tensor); }
  const Shape& shape(const std::string& tensor) const { return tensors_.at(tensor).shape(); }
  std::span<double> values(const std::string& tensor) { return tensors_.at(tensor).as<double>(); }
  std::span<const double> values(const std::string& tensor) const { return tensors_.at(tensor).as<double>(); }
  void set(const std::string& tensor, Tensor values) { tensors_[tensor] = converted(values, DType::float64); }
  /// The same from a vector.
  void set(const std::string& tensor, std::span<const double> values) {
    tensors_[tensor] = Tensor::of<double>({std::ssize(values)}, values);
  }
  void erase(const std::string& tensor) { tensors_.erase(tensor); }
  /// The tensors whose values are not those of another draft of the same model.
  NamedTensors changed_from(const Draft& other) const;
  /// The names of a layer's tensors.
  std::vector<std::string> tensors_of(int layer) const;
  void erase_tensors(int layer);
  /// Takes all tensors from a network of the same model.
  void take_tensors(Network& network);
  /// Writes them into such a network. Throws Error if one is missing or does not fit.
  void write_tensors(Network& network) const;
  /// The names of tensors with elements that are not finite.
  std::vector<std::string> not_finite() const;

 private:
  const Model::Node& node(int index) const { return nodes_[static_cast<std::size_t>(index)]; }
  Model::Node& node(int index) { return nodes_[static_cast<std::size_t>(index)]; }

  std::string name_;
  std::vector<Model::Input> inputs_;
  std::vector<Model::Node> nodes_;
  std::vector<int> outputs_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace evenkeel
