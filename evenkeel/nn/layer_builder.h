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

/// A tensor of a model, as it is in the weights file.
struct WeightInfo {
  std::string name;  ///< "conv2d/kernel"
  Shape shape;
  bool is_state = false;   ///< moving statistics, not a parameter
  bool trainable = false;  ///< updated by the optimizer
  Initializer initializer;
  int layer = 0;  ///< index in the description
  double l2 = 0;  ///< l2 * sum(w^2) is added to the loss
  /// The axis of a normalization's input along which its vectors have one number each. With it, an error can say which
  /// other axis the numbers in a file would fit.
  struct Axis {
    Shape input;   ///< with the batch
    int axis = 0;  ///< as declared: may count from the end
  };
  std::optional<Axis> axis = {};
};

/// What a layer uses to emit its ops. The layer's name is put before the names of its values.
class LayerBuilder {
 public:
  LayerBuilder(Program& program, std::string layer, int index, bool trainable, std::vector<WeightInfo>& weights)
      : program_(program), layer_(std::move(layer)), index_(index), trainable_(trainable), weights_(weights) {}

  /// A tensor that the optimizer updates. If the layer is not trainable, it is not updated and has no penalty.
  Value parameter(const std::string& name, const Shape& shape, const Initializer& initializer,
                  const std::optional<L2>& regularizer = {});
  /// A tensor that ops update (moving statistics).
  Value state(const std::string& name, const Shape& shape, const Initializer& initializer);
  /// A vector that the caller may supply at run time (Statistics::supplied); not part of the weights.
  Value supplied(const std::string& name, const Shape& shape);

  /// Says that all tensors of the layer are vectors along this axis of its input.
  void set_axis(const Shape& input, int axis) { axis_ = WeightInfo::Axis{input, axis}; }

  /// A parameter in the type of activations, to be multiplied with them: itself, or a copy.
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
  /// The activation of x; x itself if it is linear. Softmax is computed and stored in the type of parameters, because
  /// bfloat16 is too coarse for probabilities near 1.
  Value activate(const ActivationFunction& f, Value x);

  int index() const { return index_; }  ///< of the layer in the description; selects its random numbers and its mode
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
