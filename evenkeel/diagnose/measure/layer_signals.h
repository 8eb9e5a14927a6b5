#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/diagnose/measure/reestimate.h"

// What tells, layer by layer, how a network fares. Every function measures and leaves the network as it was: weights,
// moving statistics, optimizer and step. Layers come in the order of the description. Where the optimizer keeps
// averages of the weights, what is measured in evaluation is measured with them, as evaluation does.

namespace evenkeel {

/// Mean and biased variance per channel of what each normalization reads, over all samples, with the layers in `modes`
/// (by layer index; moving statistics never follow). `step` names the first batch's dropout masks; the next batches
/// have the next ones. Throws Error where data and model do not fit or modes are missing.
std::vector<LayerStatistics> input_statistics(Network& network, const Dataset& data,
                                              const std::vector<LayerMode>& modes, std::int64_t batch_size = 250,
                                              std::uint64_t step = 0);

/// Var_test / Var_train: mean over the channels that vary in training; 1 where none does.
double variance_ratio(const std::vector<double>& test, const std::vector<double>& train);

struct InputVarianceOptions {
  std::int64_t batch_size = 250;
  int masks = 4;  ///< passes over the data with dropout on, each with masks of its own; at least 2
  /// false: every normalization on its moving statistics in both modes, as in the paper; true: on those of the batch in
  /// both, for networks whose moving ones are not worth anything yet. Either way dropout alone makes the difference.
  bool batch_statistics = false;
};

/// The variance shift at the input of one normalization (Li et al. 2019): with dropout (and Uout) on as in training,
/// and off as in testing.
struct InputVariance {
  std::string layer;
  LayerStatistics test, train;                   ///< per channel; `train` is the mean over the masks
  double test_variance = 0, train_variance = 0;  ///< means over the channels
  double ratio = 1;                              ///< variance_ratio, mean over the masks
  double ratio_error = 0;                        ///< standard error over the masks
};
std::vector<InputVariance> input_variances(Network& network, const Dataset& data,
                                           const InputVarianceOptions& options = {});

/// Nats. Moving statistics of healthy layers stay below 0.015 (0.03 with few samples), stale or lagging ones are above
/// 0.09.
inline constexpr double kFarStatistics = 0.05;
/// The same for statistics of so many samples: of few, those of a channel of any usual distribution differ by
/// themselves, by less than 5 / samples. 0: enough.
double far_statistics(std::int64_t samples);

/// How far the moving statistics of one normalization are from those of the data.
struct StatisticsGap {
  std::string layer;
  double epsilon = 0;  ///< of the layer
  LayerStatistics moving, data;
  std::int64_t samples = 0;    ///< that the data's are of
  double distance = 0;         ///< statistics_distance(moving, data)
  double mean_difference = 0;  ///< |moving mean - data mean| / sqrt(data variance + epsilon), mean over channels
  double variance_ratio = 1;   ///< (moving variance + epsilon) / (data variance + epsilon), mean over channels
};

/// Mean over channels of the Kullback-Leibler divergence KL(N(moving) || N(data)) in nats, epsilon added to both
/// variances. NaN or infinite where a statistic is.
double statistics_distance(const LayerStatistics& moving, const LayerStatistics& data, double epsilon);

StatisticsGap gap_between(const LayerStatistics& moving, const LayerStatistics& data, double epsilon,
                          std::int64_t samples);

/// Conditioned: what reaches a normalization is computed with full-data statistics in every normalization before it
/// (measure_statistics), so that a layer is not blamed for the one before.
std::vector<StatisticsGap> statistics_gap(Network& network, const Dataset& data, const ReestimateOptions& options = {});

/// The gradient of one trainable tensor.
struct GradientNorm {
  std::string tensor;  ///< "conv2d/kernel"
  std::string layer;   ///< "conv2d"
  std::int64_t size = 0;
  double norm = 0;  ///< Euclidean, of the gradient of the loss's mean over the batch, penalties included
};

/// One training step up to the update, at the weights as they are: batch statistics, dropout masks of `step`. In the
/// order of the network's weights. Throws Error where the network has no loss or the batch no targets.
std::vector<GradientNorm> gradient_norms(Network& network, const Batch& batch, std::uint64_t step = 0);

}  // namespace evenkeel
