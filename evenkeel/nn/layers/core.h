#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Names the model's input; changes nothing. Keras's Input.
struct Input {
  std::string name = {};

  static constexpr std::string_view kType = "Input";
  static void describe(Fields<Input>&);
};
LayerTraits traits(const Input&);
Value build(const Input&, LayerBuilder&, Value x);

/// y = f(x W + b), at each position. Input [N, ..., F], output [N, ..., units]. Keras's Dense.
struct Dense {
  std::int64_t units = 0;              ///< required
  ActivationFunction activation = {};  ///< after the bias
  bool use_bias = true;
  Initializer kernel_initializer = Initializer::glorot_uniform();  ///< of W [F, units]
  Initializer bias_initializer = Initializer::zeros();
  std::optional<L2> kernel_regularizer = {};  ///< a penalty on the kernel, added to the loss
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "Dense";
  static void describe(Fields<Dense>&);
};
LayerTraits traits(const Dense&);
Value build(const Dense&, LayerBuilder&, Value x);

/// An activation function as a layer. Input and output [N, ...]; softmax over the last axis. Keras's Activation.
struct Activation {
  ActivationFunction activation = ActivationFunction::linear;
  std::string name = {};

  static constexpr std::string_view kType = "Activation";
  static void describe(Fields<Activation>&);
};
LayerTraits traits(const Activation&);
Value build(const Activation&, LayerBuilder&, Value x);

/// y = scale * x + offset, for preprocessing inside the model. Input and output [N, ...]. Keras's Rescaling.
struct Rescaling {
  double scale = 1.0;
  double offset = 0.0;
  std::string name = {};

  static constexpr std::string_view kType = "Rescaling";
  static void describe(Fields<Rescaling>&);
};
LayerTraits traits(const Rescaling&);
Value build(const Rescaling&, LayerBuilder&, Value x);

/// [N, ...] -> [N, product of the rest], in row-major order: a view. Keras's Flatten.
struct Flatten {
  std::string name = {};

  static constexpr std::string_view kType = "Flatten";
  static void describe(Fields<Flatten>&);
};
LayerTraits traits(const Flatten&);
Value build(const Flatten&, LayerBuilder&, Value x);

/// The axes of the input in another order: axis i of the output is axis dims[i - 1] of the input. Axes are counted from
/// 1; axis 0, the batch, stays. Input [N, ...]. Keras's Permute.
struct Permute {
  std::vector<std::int64_t> dims = {};  ///< a permutation of 1 to the number of a sample's axes
  std::string name = {};

  static constexpr std::string_view kType = "Permute";
  static void describe(Fields<Permute>&);
};
LayerTraits traits(const Permute&);
Value build(const Permute&, LayerBuilder&, Value x);

/// Training: zeroes a fraction `rate` of the elements and divides the others by 1 - rate; evaluation: y = x.
/// Input and output [N, ...]. Srivastava et al. 2014; Keras's Dropout.
struct Dropout {
  double rate = 0.5;  ///< fraction dropped, in [0, 1)
  /// Shape of the mask, with N, if elements share it: 1 on axes along which it is repeated, -1 (Keras's None) on the
  /// others. Empty: each element has its own.
  std::vector<std::int64_t> noise_shape = {};
  std::string name = {};

  static constexpr std::string_view kType = "Dropout";
  static void describe(Fields<Dropout>&);
};
LayerTraits traits(const Dropout&);
Value build(const Dropout&, LayerBuilder&, Value x);

/// Training: y = x * (1 + r) with r uniform in [-beta, beta) for each element; evaluation: y = x. A variance v about a
/// mean c becomes v + beta^2/3 (c^2 + v): for a small beta a far smaller shift than that of a usual Dropout. Keras and
/// PyTorch have no such layer. Input and output [N, ...]. Li, Chen, Hu, Yang 2019, "Understanding the Disharmony
/// between Dropout and Batch Normalization by Variance Shift".
struct Uout {
  double beta = 0.1;  ///< largest relative change of an element, at least 0
  std::string name = {};

  static constexpr std::string_view kType = "Uout";
  static void describe(Fields<Uout>&);
};
LayerTraits traits(const Uout&);
Value build(const Uout&, LayerBuilder&, Value x);

/// The beta at which Uout adds as much variance as a Dropout of this rate: beta^2/3 = rate / (1 - rate). Throws Error
/// unless rate is in [0, 1).
double uout_beta_for_dropout(double rate);

}  // namespace evenkeel
