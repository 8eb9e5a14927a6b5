#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/channel_signals.h"
#include "evenkeel/diagnose/measure/input_histograms.h"
#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/diagnose/measure/sample_scores.h"
#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// How a pass computes the network. Moving statistics are never updated.
struct Pass {
  /// What all normalizations use, except those in `on_moving`, by name, and those with frozen statistics, which never
  /// use a batch's.
  Statistics statistics = Statistics::moving;
  std::vector<std::string> on_moving = {};
  /// The statistics that Statistics::supplied means, of every normalization.
  const std::vector<LayerStatistics>* supplied = nullptr;
  bool noise = false;      ///< dropout and the like
  std::uint64_t step = 0;  ///< selects the first batch's noise; each batch has the next
  std::int64_t batch_size = kScoredAtOnce;
  std::function<void(std::int64_t samples)> after_batch = {};
};

/// The distribution that initial weights are drawn from: uniform in +-bound, or normal, cut off at two deviations, of
/// which the second one is the bound.
struct InitialRange {
  double bound = 0;
  bool normal = false;
};

/// Measurements that not every maker can make.
enum class Measurement {
  inputs,          ///< with other inputs: corrections of the samples are tried
  other_axes,      ///< with normalizations along other axes
  initial_values,  ///< of the weights: how they are drawn
  gradients,
  signals,     ///< each channel of each layer's output
  squares,     ///< the mean square of each element of a layer's input
  histograms,  ///< of the normalizations' inputs
};

/// A network that can be measured, whoever computes it: programs of our own (OwnNetwork) or a foreign framework
/// (ForeignNetwork). Layers, tensors and graph are described by a Model, layouts are ours. What changes for a
/// measurement is changed back.
class MeasuredNetwork {
 public:
  virtual ~MeasuredNetwork() = default;

  virtual const Model& model() const = 0;
  virtual const Loss& loss() const = 0;
  virtual const std::vector<WeightInfo>& weights() const = 0;
  /// Numbers of a sample of the output: K, or positions() * K.
  virtual std::int64_t outputs() const = 0;
  virtual std::int64_t positions() const = 0;
  /// Whether the loss is computed from what goes into this layer's activation, a softmax or a sigmoid that is the
  /// network's last.
  virtual bool is_undone_by_loss(int layer) const = 0;
  virtual double flops() const = 0;  ///< of one sample
  /// Why the measurement cannot be made, as a clause; empty if it can.
  virtual std::string why_not(Measurement) const { return {}; }
  /// What the user calls a tensor.
  virtual std::string shown_name(const std::string& tensor) const { return tensor; }

  /// A tensor by its name in weights(); float32, or float64 if the network is computed so.
  virtual TensorView weight(const std::string& name) const = 0;
  virtual void set_weight(const std::string& name, TensorView value) = 0;
  /// The values that training began with, if they are known bit for bit. `index`: in weights().
  virtual std::optional<Tensor> initial_values(std::size_t index) const = 0;
  /// How they were drawn; nothing if they were not, or nobody knows how.
  virtual std::optional<InitialRange> initial_range(std::size_t index) const = 0;

  /// Throws Error unless samples and targets fit.
  virtual void check(const Dataset& data) const = 0;
  /// `most`, or half, a quarter, ... of it: samples whose values take at most so many bytes, but at least 1.
  virtual std::int64_t batch_that_fits(std::int64_t most, std::int64_t bytes) const = 0;
  /// The same for a training step, on samples of these data.
  virtual std::int64_t training_batch_that_fits(const Dataset& data, std::int64_t most, std::int64_t bytes) const = 0;

  /// Scores the samples in their order, batch by batch; the last batch may be smaller. `outputs`: [N, outputs()].
  virtual SampleScores score(const Dataset& data, const Pass& pass, std::vector<float>* outputs = nullptr) = 0;
  /// score() with other values in these tensors, which it has in their place for the time.
  virtual SampleScores score_with(const NamedTensors& weights, const Dataset& data, const Pass& pass) = 0;
  /// As measure_statistics.
  virtual Reestimated statistics(const Dataset& data, const ReestimateOptions& options) = 0;
  /// Mean and biased variance of a normalization's input in evaluation. `normalization`: index in normalizations().
  virtual LayerStatistics input_moments(const Dataset& data, std::size_t normalization, std::int64_t batch_size) = 0;
  /// As evenkeel::channel_signals.
  virtual std::vector<ChannelSignal> channel_signals(const Dataset& data,
                                                     const std::vector<LayerStatistics>& statistics,
                                                     std::int64_t batch_size) = 0;
  /// E[x^2] over the samples for each element of one sample of what a layer reads, by the layer's index; noise off,
  /// normalizations on these statistics.
  virtual std::map<int, std::vector<double>> input_squares(const Dataset& data,
                                                           const std::vector<LayerStatistics>& statistics,
                                                           const std::vector<int>& layers, std::int64_t batch_size) = 0;
  /// As evenkeel::input_histograms.
  virtual std::vector<InputHistogram> input_histograms(const Dataset& data,
                                                       const std::vector<LayerStatistics>& reference,
                                                       std::int64_t samples) = 0;
  /// Gradients of one training step on all these samples, as evenkeel::gradient_norms.
  virtual std::vector<GradientNorm> gradient_norms(const Dataset& batch) = 0;

  /// The description and the weights as plain data, those that evaluation uses.
  virtual Draft draft() = 0;
  /// The same weights in another model with the same tensors; null where other_axes cannot be measured.
  virtual std::unique_ptr<MeasuredNetwork> as_model(const Model& other) const = 0;
};

/// The range of a tensor's initializer; nothing if that draws no random numbers.
std::optional<InitialRange> range_of(const WeightInfo& weight);

/// The present moving statistics, by normalization.
std::vector<LayerStatistics> moving_statistics(const MeasuredNetwork& network);

/// How far they are from those of the data, with every normalization before a layer on the data's.
std::vector<StatisticsGap> statistics_gap(MeasuredNetwork& network, const Dataset& data,
                                          const ReestimateOptions& options = {});

}  // namespace evenkeel
