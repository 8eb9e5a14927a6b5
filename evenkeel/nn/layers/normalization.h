#pragma once

#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Normalizes each channel (last axis, or `axis`) to zero mean and unit variance, then scales and shifts it. Training
/// uses the batch's own statistics, and the moving statistics follow them by `momentum`. Evaluation uses the moving
/// statistics. Which statistics are used, and whether the moving ones follow, can be set per layer at run time
/// (LayerMode). Input [N, ..., C], output the same. Ioffe & Szegedy 2015; names and defaults as Keras's
/// BatchNormalization. `trainable = false` leaves gamma and beta out of the update and does not change which statistics
/// are used (in Keras it also switches to the moving ones). With a `virtual_batch_size` (ghost batches; Hoffer, Hubara,
/// Soudry 2017; an argument of TensorFlow 1's and Keras 2's layer) each group of that many consecutive samples is
/// normalized by its own statistics in training; the last group is smaller where the batch size is not a multiple.
/// Moving statistics follow the mean of the groups' means and variances, weighted by their numbers of samples.
/// Evaluation does not change. 0, or at least the batch size: the whole batch is one group. Two options of PyTorch:
/// without `moving_statistics` (track_running_stats=False) there are none, and evaluation uses the batch's own
/// statistics as training does, so that a sample's output depends on its batch. With `cumulative_average`
/// (momentum=None) the moving statistics are the plain mean of those of all batches so far, which the state `batches`
/// counts, and `momentum` is not used. With `frozen_statistics` training uses the moving statistics too and leaves them
/// as they are: Keras's layer with trainable = False or called with training=False, PyTorch's in eval() while the rest
/// trains.
struct BatchNormalization {
  std::int64_t axis = -1;  ///< axis of the channels: 1 to rank - 1, or negative; not the batch
  double momentum = 0.99;  ///< weight of the old value; PyTorch's momentum is 1 minus this
  double epsilon = 1e-3;   ///< added to the variance
  bool center = true;      ///< learn beta
  bool scale = true;       ///< learn gamma
  bool unbiased_moving_variance =
      false;  ///< times n/(n-1), as in TensorFlow 1's fused kernel and PyTorch; n of a full group
  std::int64_t virtual_batch_size = 0;  ///< samples that share statistics in training; 0: all
  bool moving_statistics = true;        ///< false: evaluation uses the batch's statistics too
  bool cumulative_average = false;      ///< moving statistics are the mean of all batches'
  bool frozen_statistics = false;       ///< training uses the moving statistics too, and does not change them
  Initializer beta_initializer = Initializer::zeros();
  Initializer gamma_initializer = Initializer::ones();
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "BatchNormalization";
  static void describe(Fields<BatchNormalization>&);
};
LayerTraits traits(const BatchNormalization&);
Value build(const BatchNormalization&, LayerBuilder&, Value x);

/// If a BatchNormalization normalizes another axis than the last, the value "<layer>/channels_last" is its input with
/// that axis moved to the end.
inline constexpr std::string_view kChannelsLast = "channels_last";

/// The same computation, made of separate ops: moments, a moving average, a scale and a shift, whose gradients are
/// found by differentiation. It shows how one would write a new normalization. It is slower than the fused layer, and a
/// test compares the two. The moving variance follows the biased one. Same tensors as BatchNormalization.
struct BatchNormalizationFromParts {
  double momentum = 0.99;
  double epsilon = 1e-3;
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "BatchNormalizationFromParts";
  static void describe(Fields<BatchNormalizationFromParts>&);
};
LayerTraits traits(const BatchNormalizationFromParts&);
Value build(const BatchNormalizationFromParts&, LayerBuilder&, Value x);

/// Batch normalization for small batches: y = gamma * (r * (x - mean) / deviation + d) + beta with the batch's mean and
/// deviation sqrt(variance + epsilon), and r = deviation / moving deviation, limited to [1 / r_max, r_max], d = (mean -
/// moving mean) / moving deviation, limited to [-d_max, d_max]. Within these limits training computes the same as
/// evaluation. The gradient treats r and d as constants. With r_max = 1 and d_max = 0 it is BatchNormalization;
/// evaluation, statistics and tensors are always the same as there. In the paper, training from scratch begins with
/// these values and widens the limits to r_max 3 and d_max 5. Input [N, ..., C], output the same. Ioffe 2017, "Batch
/// Renormalization: Towards Reducing Minibatch Dependence in Batch-Normalized Models".
struct BatchRenormalization {
  double momentum = 0.99;                 ///< weight of the old moving statistics
  double epsilon = 1e-3;                  ///< added to both variances
  double r_max = 3;                       ///< at least 1
  double d_max = 5;                       ///< at least 0
  bool center = true;                     ///< learn beta
  bool scale = true;                      ///< learn gamma
  bool unbiased_moving_variance = false;  ///< n/(n-1)
  Initializer beta_initializer = Initializer::zeros();
  Initializer gamma_initializer = Initializer::ones();
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "BatchRenormalization";
  static void describe(Fields<BatchRenormalization>&);
};
LayerTraits traits(const BatchRenormalization&);
Value build(const BatchRenormalization&, LayerBuilder&, Value x);

}  // namespace evenkeel
