#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/nn/activation_function.h"
#include "evenkeel/nn/initializer.h"
#include "evenkeel/nn/regularizer.h"
#include "evenkeel/program/program.h"

namespace evenkeel {

/// A tensor of a model: what its file holds.
struct WeightInfo {
  std::string name;  ///< "conv2d/kernel"
  Shape shape;
  bool is_state = false;   ///< moving statistics: not a parameter
  bool trainable = false;  ///< updated by the optimizer
  Initializer initializer;
  int layer = 0;  ///< index in the description
  double l2 = 0;  ///< the loss has l2 * sum(w^2) added
  /// What a normalization's vectors have one number for each element of: an axis of the layer's input. Lets an error
  /// say which axis the numbers of a file would fit instead.
  struct Axis {
    Shape input;   ///< with the batch
    int axis = 0;  ///< as declared: may count from the end
  };
  std::optional<Axis> axis = {};
};

/// What a layer sees while it emits its ops: names are put under the layer's own.
class LayerBuilder {
 public:
  LayerBuilder(Program& program, std::string layer, int index, bool trainable, std::vector<WeightInfo>& weights)
      : program_(program), layer_(std::move(layer)), index_(index), trainable_(trainable), weights_(weights) {}

  /// A tensor that the optimizer updates, unless the layer is not trainable; then it has no penalty either.
  Value parameter(const std::string& name, const Shape& shape, const Initializer& initializer,
                  const std::optional<L2>& regularizer = {});
  /// A tensor that ops update (moving statistics).
  Value state(const std::string& name, const Shape& shape, const Initializer& initializer);
  /// A vector that the caller may supply at run time (Statistics::supplied); not part of the weights.
  Value supplied(const std::string& name, const Shape& shape);

  /// Says that all tensors of the layer are vectors along this axis of its input.
  void set_axis(const Shape& input, int axis) { axis_ = WeightInfo::Axis{input, axis}; }

  /// A parameter as activations are multiplied with it: itself, or a copy in their type.
  Value factor(Value parameter);
  DType activation_type() const { return program_.activation_type(); }

  /// Emits one op; its first output is returned. `name` names it "<layer>/<name>".
  template <class O>
  Value emit(O op, const std::vector<Value>& inputs, const std::string& name = {}) {
    return emit_all(std::move(op), inputs, {name}).front();
  }
  template <class O>
  std::vector<Value> emit_all(O op, const std::vector<Value>& inputs, const std::vector<std::string>& names = {}) {
    return program_.emit(std::make_shared<const O>(std::move(op)), inputs, names);
  }
  /// Lets a value be read after a run.
  void keep(Value value) { program_.keep(value); }
  /// The activation behind x; x itself where it is linear. A softmax is computed, and yields, floats as precise as
  /// parameters are: probabilities near 1 have no room in bfloat16.
  Value activate(ActivationFunction f, Value x);

  int index() const { return index_; }  ///< of the layer in the description: names its random numbers and its mode
  const std::string& layer() const { return layer_; }

 private:
  Program& program_;
  std::string layer_;
  int index_;
  bool trainable_;
  std::vector<WeightInfo>& weights_;
  std::optional<WeightInfo::Axis> axis_ = {};
};

}  // namespace evenkeel
