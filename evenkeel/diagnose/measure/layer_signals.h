#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/diagnose/measure/reestimate.h"

// Measurements of a network, layer by layer, in the order of the description. No function changes the network: weights,
// moving statistics, optimizer or step. If the optimizer keeps averages of the weights, measurements in evaluation use
// them, as evaluation does.

namespace evenkeel {

/// Mean and biased variance per channel of each normalization's input, over all samples, with the layers in `modes` (by
/// layer index; moving statistics are never updated). `step` selects the first batch's dropout masks; each batch has
/// the next ones. Throws Error if data and model do not fit or modes are missing.
std::vector<LayerStatistics> input_statistics(Network& network, const Dataset& data,
                                              const std::vector<LayerMode>& modes, std::int64_t batch_size = 250,
                                              std::uint64_t step = 0);

/// Var_test / Var_train: mean over the channels that vary in training; 1 if none does.
double variance_ratio(const std::vector<double>& test, const std::vector<double>& train);

struct InputVarianceOptions {
  std::int64_t batch_size = 250;
  int masks = 4;  ///< passes over the data with dropout on, each with its own masks; at least 2
  /// false: normalizations use moving statistics in both cases, as in the paper. true: they use those of the batch, for
  /// networks whose moving statistics do not fit yet. Either way only dropout makes the difference.
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

/// In nats. Moving statistics of healthy layers stay below 0.015 (0.03 with few samples); stale or lagging ones are
/// above 0.09.
inline constexpr double kFarStatistics = 0.05;
/// The same for statistics of so many samples. With few samples they differ by chance; for any usual distribution by
/// less than 5 / samples. 0: enough samples.
double far_statistics(std::int64_t samples);

/// How far the moving statistics of one normalization are from those of the data.
struct StatisticsGap {
  std::string layer;
  double epsilon = 0;  ///< of the layer
  LayerStatistics moving, data;
  std::int64_t samples = 0;    ///< of the data's statistics
  double distance = 0;         ///< statistics_distance(moving, data)
  double mean_difference = 0;  ///< |moving mean - data mean| / sqrt(data variance + epsilon), mean over channels
  double variance_ratio = 1;   ///< (moving variance + epsilon) / (data variance + epsilon), mean over channels
};

/// Mean over channels of the Kullback-Leibler divergence KL(N(moving) || N(data)) in nats, epsilon added to both
/// variances. NaN or infinite if a statistic is.
double statistics_distance(const LayerStatistics& moving, const LayerStatistics& data, double epsilon);

StatisticsGap gap_between(const LayerStatistics& moving, const LayerStatistics& data, double epsilon,
                          std::int64_t samples);

/// Every normalization before a layer uses full-data statistics (measure_statistics), so that a layer is not blamed for
/// one before it.
std::vector<StatisticsGap> statistics_gap(Network& network, const Dataset& data, const ReestimateOptions& options = {});

/// The gradient of one trainable tensor.
struct GradientNorm {
  std::string tensor;  ///< "conv2d/kernel"
  std::string layer;   ///< "conv2d"
  std::int64_t size = 0;
  double norm = 0;  ///< Euclidean norm; the gradient is that of the batch's mean loss, with penalties
};

/// Gradients of one training step at the present weights, without the update: batch statistics, dropout masks of
/// `step`. In the order of the network's weights. Throws Error if the network has no loss or the batch no targets.
std::vector<GradientNorm> gradient_norms(Network& network, const Batch& batch, std::uint64_t step = 0);

}  // namespace evenkeel
