#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/nn/activation_function.h"
#include "evenkeel/program/ops/window.h"
#include "evenkeel/tensor/shape.h"

// What others may know of a layer: each says it of itself, in `traits`, beside `describe`. The doctor, repairs,
// diagrams and the compiler ask this, never for a layer's type. tests/nn/layer_traits_test.cpp holds the traits of
// every registered layer to what it computes.

namespace evenkeel {

/// Sums of inputs with weights, and perhaps a bias.
struct LinearTraits {
  /// Tensor [..., inputs / groups, outputs]: element k is a weight of output k % outputs. Where each input is a group,
  /// Keras's [..., inputs, outputs of one] are the same numbers in the same order.
  std::string kernel = "kernel";
  std::string bias = {};  ///< tensor [outputs]; empty: there is none
  std::int64_t outputs = 0;
  std::string outputs_field = {};  ///< the layer's field that says how many: "filters", "units"
  /// Into which inputs and outputs fall. 1: each output reads all inputs. -1: each input is a group of its own, and
  /// `outputs` are those of one.
  std::int64_t groups = 1;
  /// Of a convolution, whose kernel begins with height and width. Without: a matrix product of [N, inputs].
  std::optional<ops::WindowOptions> window = {};
  /// The layer's fields that say whether there is a bias, and which penalty the kernel has.
  std::string bias_field = "use_bias", regularizer_field = "kernel_regularizer";

  /// Of a layer that reads so many channels or features.
  std::int64_t outputs_of(std::int64_t inputs) const { return groups > 0 ? outputs : outputs * inputs; }
  std::int64_t groups_of(std::int64_t inputs) const { return groups > 0 ? groups : inputs; }
  /// How many channels or features a layer with a kernel of this shape reads.
  std::int64_t inputs_of(const Shape& kernel) const { return groups > 0 ? groups * kernel[-2] : kernel[-2]; }
};

/// The moving averages of a batch's statistics, which evaluation normalizes by.
struct MovingTraits {
  double momentum = 0;                  ///< weight of the old value
  bool unbiased = false;                ///< the variance follows n/(n-1) times the batch's
  std::int64_t virtual_batch_size = 0;  ///< samples that share statistics in training; 0: all
  std::string mean = "moving_mean", variance = "moving_variance";  ///< tensors [channels]
};

/// (x - mean) / sqrt(variance + epsilon), with `scale` and `shift` of the layer behind it.
struct NormalizationTraits {
  /// What has a mean and a variance of its own.
  enum class Over {
    batch,     ///< each channel, over batch and positions; evaluation has `moving` in their place
    group,     ///< each group of neighbouring channels of a sample, over positions
    position,  ///< each position of a sample, over channels
  };
  Over over = Over::batch;
  double epsilon = 0;
  std::int64_t groups = 1;  ///< of Over::group; -1: each channel is one
  bool centered = true;     ///< else the mean is taken as 0
  /// Where the layer lets one choose which axis its channels are: as declared, counted from the batch on, or negative.
  std::optional<std::int64_t> axis = {};
  std::optional<MovingTraits> moving = {};  ///< of Over::batch
};

/// What training does to each element and evaluation does not: y = a x + b, a and b drawn at random whatever x is.
struct NoiseTraits {
  enum class Per { element, channel };
  double factor_mean = 1, factor_variance = 0;  ///< of a
  double offset_variance = 0;                   ///< of b, whose mean is 0
  double covariance = 0;                        ///< of a and b
  Per per = Per::element;                       ///< what has an a and a b of its own: `channel` of a sample
  std::optional<double> rate = {};              ///< of the Dropout whose factor has this variance; some are no dropout
  /// Whether y = a x with a of mean 1: what is added to the variance is factor_variance * E[x^2].
  bool is_factor() const { return factor_mean == 1 && offset_variance == 0; }
};

enum class Merge { none, sum, concatenation };       ///< of several inputs; concatenation: of channels
enum class PoolingKind { none, maximum, mean };      ///< over windows of each channel
enum class AxisOrder { kept, flattened, permuted };  ///< of a sample

struct LayerTraits {
  std::optional<LinearTraits> linear = {};
  std::optional<NormalizationTraits> normalization = {};
  std::optional<NoiseTraits> noise = {};
  ActivationFunction activation = ActivationFunction::linear;  ///< applied last
  /// Tensors [channels] that channels are multiplied by, and that is then added; empty: there is none.
  std::string scale = {}, shift = {};
  /// In evaluation and before the activation: the same numbers in the same order, perhaps in another shape.
  bool identity_in_evaluation = false;
  /// In evaluation each channel is made of the same channel of the one input alone, and keeps its place; behind a
  /// flattening, each k-th feature. For a normalization of another axis than the last, channels are those of its axis.
  bool per_channel = false;
  /// Multiplies by a fixed number and adds one: made for the model's input, which it takes in full precision.
  bool rescales = false;
  bool is_input = false;  ///< stands for the model's input, which is all that it reads
  Merge merge = Merge::none;
  PoolingKind pooling = PoolingKind::none;
  AxisOrder axes = AxisOrder::kept;

  /// Whether it hands on what it reads, in every mode.
  bool is_identity() const { return identity_in_evaluation && activation == ActivationFunction::linear && !noise; }
};

}  // namespace evenkeel
