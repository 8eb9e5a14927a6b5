#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/program/step.h"
#include "evenkeel/tensor/tensor.h"

// What the doctor asks of a network that another framework runs where it is: the Python package implements it for
// PyTorch and Keras. Rules, caches and costs stay here; there only layers are described and batches run. Layers and
// tensors have the framework's names; arrays have our layouts (channels last, kernels [..., inputs, outputs]).

namespace evenkeel {

/// The samples of a set that are used.
struct LiveSamples {
  std::string name = {};
  std::int64_t size = 0;
  Tensor x = {};  ///< [size, ...] float32 or uint8; empty: a sample's inputs are no single array of numbers
  Tensor y = {};  ///< int32 [size] or float32 [size, K]; empty: no labels
  std::vector<std::string> class_names = {};
};

/// Samples that pass through the network together.
struct LiveBatch {
  bool of_training = false;             ///< of which set
  std::vector<std::int64_t> rows = {};  ///< indices in it
  Tensor x = {}, y = {};                ///< in place of the samples' own: float32, int32; empty: their own
};

/// What one normalization uses.
struct LiveStatisticsSource {
  Statistics statistics = Statistics::moving;
  std::vector<double> mean = {}, variance = {};  ///< of Statistics::supplied
};

/// How a batch is computed. Nothing is updated.
struct LiveModes {
  std::map<std::string, LiveStatisticsSource> statistics = {};  ///< of every layer with moving statistics
  bool noise = false;
  std::uint64_t step = 0;  ///< selects the noise
};

/// Values over samples and positions by channel: their number, mean, and sum of squared deviations.
struct LiveMoments {
  double count = 0;
  std::vector<double> mean = {}, m2 = {};
  /// Those of both together (Chan et al. 1979).
  void add(const LiveMoments& other);
};
struct LiveSignal {
  LiveMoments moments = {};
  std::vector<double> smallest = {}, largest = {};
  void add(const LiveSignal& other);
};

/// The scale of a histogram of (x - mean) / deviation by channel.
struct LiveScale {
  std::vector<double> mean = {}, deviation = {};
};
/// Counts of the 64 bins of [-4, 4]; what is beyond is in the last ones.
struct LiveHistogram {
  std::vector<double> counts = {};
  double values = 0;  ///< all, those that are not finite too
};

/// What is to be measured on a batch, by layer.
struct LiveWants {
  bool losses = false, outputs = false;
  std::vector<std::string> input_moments = {};   ///< of what the layers read; channels are the normalization's
  std::vector<std::string> output_signals = {};  ///< of what they give; channels are the last axis
  std::vector<std::string> input_squares = {};
  std::map<std::string, LiveScale> input_histograms = {};
};
struct LiveAnswer {
  std::vector<double> losses = {}, correct = {};  ///< by sample; correct is empty where there is no accuracy
  std::vector<float> outputs = {};                ///< [n, positions * K]
  std::map<std::string, LiveMoments> input_moments = {};
  std::map<std::string, LiveSignal> output_signals = {};
  std::map<std::string, std::vector<double>> input_squares = {};  ///< sums over the samples, by element of one
  std::map<std::string, LiveHistogram> input_histograms = {};
};

/// Exact statistics of every normalization's input, each with those before it on theirs.
struct LiveFullStatistics {
  std::map<std::string, LiveMoments> layers = {};
  double passes = 1;  ///< of the samples through the network
};

/// What throws once, throws at every later call but restore(): a change that could not be undone is never measured.
class LiveNetwork {
 public:
  virtual ~LiveNetwork() = default;
  /// The graph as JSON (foreign_description.h).
  virtual std::string description() = 0;
  /// Nothing for a training set that was not given.
  virtual std::optional<LiveSamples> samples(bool of_training) = 0;
  virtual Tensor weight(const std::string& tensor) = 0;
  virtual void set_weight(const std::string& tensor, TensorView values) = 0;
  virtual LiveAnswer run(const LiveBatch& batch, const LiveModes& modes, const LiveWants& wants) = 0;
  /// `keep`: layers that use their moving ones, as those with frozen ones do unless `frozen_too`.
  virtual LiveFullStatistics full_statistics(const LiveBatch& samples, bool noise, std::uint64_t step, bool frozen_too,
                                             const std::vector<std::string>& keep) = 0;
  /// The norm of the gradient of each trainable tensor: of the batch's mean loss, with batch statistics and noise.
  virtual std::map<std::string, double> gradient_norms(const LiveBatch& batch) = 0;
  /// Puts everything back as it was before the first call. Called at the end in every case.
  virtual void restore() = 0;
};

}  // namespace evenkeel
