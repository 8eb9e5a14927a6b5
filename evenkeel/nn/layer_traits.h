#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/nn/activation_function.h"
#include "evenkeel/program/ops/window.h"
#include "evenkeel/tensor/shape.h"

// What other code may know of a layer. Each layer states it itself, in `traits`, beside `describe`. The doctor,
// repairs, diagrams and the compiler ask for these traits, never for a layer's type. tests/nn/layer_traits_test.cpp
// compares the traits of every registered layer with what it computes.

namespace evenkeel {

/// A linear layer: weighted sums of inputs, perhaps with a bias.
struct LinearTraits {
  /// Tensor [..., inputs / groups, outputs]; transposed, [..., outputs / groups, inputs]. If each input is a group,
  /// Keras's [..., inputs, outputs of a group] has the same numbers in the same order.
  std::string kernel = "kernel";
  std::string bias = {};  ///< tensor [outputs]; empty: no bias
  std::int64_t outputs = 0;
  std::string outputs_field = {};  ///< the layer's field for that number: "filters", "units"
  /// The number of groups of inputs and outputs. 1: each output reads all inputs. -1: each input is a group of its own,
  /// and `outputs` is the number of outputs of one group.
  std::int64_t groups = 1;
  /// Set for a convolution. Otherwise the layer is a matrix product of [N, ..., inputs], at each position.
  std::optional<ops::WindowOptions> window = {};
  /// The axes between samples and channels over which the window slides: 2 for [N, H, W, C], the kernel's first axes;
  /// 1 for [N, L, C], whose window has height 1.
  int window_axes = 2;
  /// Whether the window slides over the output: each input is added to a window of outputs.
  bool transposed = false;
  std::optional<Size2D> output_padding = {};  ///< of a transposed one
  /// If the inputs go through another kernel first, each channel by itself: that tensor, [..., inputs, multiplier].
  /// `kernel` then reads its inputs * multiplier results.
  std::string first_kernel = {};
  /// The layer's fields for the bias and for the penalty on the kernel.
  std::string bias_field = "use_bias", regularizer_field = "kernel_regularizer";

  /// The numbers of outputs and groups of a layer that reads so many channels or features.
  std::int64_t outputs_of(std::int64_t inputs) const { return groups > 0 ? outputs : outputs * inputs; }
  std::int64_t groups_of(std::int64_t inputs) const { return groups > 0 ? groups : inputs; }
  /// The number of channels or features that a layer with a kernel of this shape reads. With a `first_kernel` its shape
  /// is meant.
  std::int64_t inputs_of(const Shape& shape) const {
    if (transposed) return shape[-1];
    return groups > 0 ? groups * shape[-2] : shape[-2];
  }

  /// The output that element `k` of a kernel of this shape is a weight of, and the input that it multiplies.
  struct Ends {
    std::int64_t input, output;
  };
  Ends ends_of(std::int64_t k, const Shape& shape) const;
  /// The window over inputs [N, ...], with its groups: over the output of a layer that is transposed. Requires
  /// `window`.
  kernels::Window over(const Shape& inputs) const;
};

/// The moving averages of the batches' statistics, which evaluation uses.
struct MovingTraits {
  double momentum = 0;                  ///< weight of the old value; 0 of a mean of all batches, which forgets 0 and 1
  bool unbiased = false;                ///< the moving variance follows n/(n-1) times the batch's
  std::int64_t virtual_batch_size = 0;  ///< samples that share statistics in training; 0: all
  bool frozen = false;                  ///< training uses them as they are: the layer computes the same in both modes
  bool in_training = false;             ///< training brings what the batch's give near to what these would give
  std::string mean = "moving_mean", variance = "moving_variance";  ///< tensors [channels]
  std::string batches = {};  ///< tensor [1]: the number of batches that they are the mean of; empty: they use momentum
};

/// (x - mean) / sqrt(variance + epsilon), then the layer's `scale` and `shift`.
struct NormalizationTraits {
  /// Over which elements mean and variance are computed.
  enum class Over {
    batch,     ///< each channel, over batch and positions; evaluation uses `moving` instead, if it is set
    group,     ///< each group of neighbouring channels of a sample, over positions
    position,  ///< each position of a sample, over channels
  };
  Over over = Over::batch;
  double epsilon = 0;
  std::int64_t groups = 1;  ///< of Over::group; -1: each channel is a group
  bool centered = true;     ///< false: 0 is used as the mean
  /// Of a layer whose axis of channels can be chosen: the axis as declared, counted from the batch (0), or negative.
  std::optional<std::int64_t> axis = {};
  std::optional<MovingTraits> moving = {};  ///< of Over::batch; without it, evaluation uses the batch's statistics too
};

/// Noise that is added in training only: each element becomes y = a x + b, with random a and b that do not depend on x.
struct NoiseTraits {
  /// What has its own a and b: each element, each channel of a sample, each sample, or something else that elements of
  /// several samples may share.
  enum class Per { element, channel, sample, other };
  double factor_mean = 1, factor_variance = 0;  ///< of a
  double offset_variance = 0;                   ///< of b, whose mean is 0
  double covariance = 0;                        ///< of a and b
  Per per = Per::element;
  std::optional<double> rate = {};  ///< rate of the Dropout whose factor has this variance; unset for other noise
  /// Whether y = a x with a of mean 1. Then the variance grows by factor_variance * E[x^2].
  bool is_factor() const { return factor_mean == 1 && offset_variance == 0; }
};

/// Of several inputs, element by element; concatenation is along channels.
enum class Merge { none, sum, product, difference, mean, maximum, minimum, concatenation };
enum class PoolingKind { none, maximum, mean };  ///< over windows of each channel
/// Of a sample: what a layer that moves numbers does. Reshaped: the numbers are in the same order, in other axes, so
/// that a channel may be anywhere; flattened: in one axis, where a channel is every k-th feature. Permuted: elsewhere.
enum class AxisOrder { kept, flattened, reshaped, permuted };

struct LayerTraits {
  std::optional<LinearTraits> linear = {};
  std::optional<NormalizationTraits> normalization = {};
  std::optional<NoiseTraits> noise = {};
  ActivationFunction activation = ActivationFunction::linear;  ///< applied last
  /// Tensors [channels]: channels are multiplied by `scale`, then `shift` is added. Empty if the layer does not have
  /// it.
  std::string scale = {}, shift = {};
  /// Tensor of the slopes below zero, of a PReLU; empty otherwise.
  std::string slope = {};
  /// Whether in evaluation, before the activation, the output has the input's numbers in the same order, perhaps in
  /// another shape.
  bool identity_in_evaluation = false;
  /// Whether in evaluation each channel of the output depends only on the same channel of the one input. (After a
  /// Flatten, a channel is every k-th feature.) Channels of a normalization are those of its axis.
  bool per_channel = false;
  /// Whether it multiplies each channel by a fixed number and adds another. Made for the model's input, which it reads
  /// in full precision.
  bool rescales = false;
  bool is_input = false;  ///< stands for the model's input, and reads nothing else
  Merge merge = Merge::none;
  PoolingKind pooling = PoolingKind::none;
  AxisOrder axes = AxisOrder::kept;

  /// Whether its output is its input in every mode, and each channel stays one (after a Flatten, every k-th feature).
  bool is_identity() const {
    return identity_in_evaluation && per_channel && activation == ActivationFunction::linear && !noise;
  }
};

}  // namespace evenkeel
