#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/foreign_description.h"
#include "evenkeel/diagnose/measure/live_network.h"

namespace evenkeel {

/// A network that another framework computes, asked batch by batch. Its own sets know which of the framework's samples
/// theirs are; other samples (corrected ones) are sent to it.
class ForeignNetwork final : public MeasuredNetwork {
 public:
  /// Throws Error where the description does not fit.
  explicit ForeignNetwork(LiveNetwork& live);

  const ForeignDescription& description() const { return description_; }
  /// The framework's samples; nothing where there are none of training. Throws Error without any.
  Dataset data() const { return *data_; }
  const std::optional<Dataset>& train_data() const { return train_data_; }

  const Model& model() const override { return description_.model; }
  const Loss& loss() const override { return description_.loss; }
  const std::vector<WeightInfo>& weights() const override { return description_.weights; }
  std::int64_t outputs() const override { return description_.outputs; }
  std::int64_t positions() const override { return description_.positions; }
  bool is_undone_by_loss(int layer) const override;
  double flops() const override;
  std::string why_not(Measurement measurement) const override;
  std::string shown_name(const std::string& tensor) const override;
  TensorView weight(const std::string& name) const override;
  void set_weight(const std::string& name, TensorView value) override;
  std::optional<Tensor> initial_values(std::size_t index) const override;
  std::optional<InitialRange> initial_range(std::size_t index) const override;
  void check(const Dataset& data) const override;
  std::int64_t batch_that_fits(std::int64_t most, std::int64_t bytes) const override;
  std::int64_t training_batch_that_fits(const Dataset& data, std::int64_t most, std::int64_t bytes) const override;
  SampleScores score(const Dataset& data, const Pass& pass, std::vector<float>* outputs) override;
  SampleScores score_with(const NamedTensors& weights, const Dataset& data, const Pass& pass) override;
  Reestimated statistics(const Dataset& data, const ReestimateOptions& options) override;
  LayerStatistics input_moments(const Dataset& data, std::size_t normalization, std::int64_t batch_size) override;
  std::vector<ChannelSignal> channel_signals(const Dataset& data, const std::vector<LayerStatistics>& statistics,
                                             std::int64_t batch_size) override;
  std::map<int, std::vector<double>> input_squares(const Dataset& data, const std::vector<LayerStatistics>& statistics,
                                                   const std::vector<int>& layers, std::int64_t batch_size) override;
  std::vector<InputHistogram> input_histograms(const Dataset& data, const std::vector<LayerStatistics>& reference,
                                               std::int64_t samples) override;
  std::vector<GradientNorm> gradient_norms(const Dataset& batch) override;
  Draft draft() override;
  std::unique_ptr<MeasuredNetwork> as_model(const Model&) const override { return nullptr; }

 private:
  Dataset dataset_of(LiveSamples samples, bool of_training);
  LiveBatch batch_of(const Dataset& data) const;
  LiveModes modes_of(const Pass& pass) const;
  using See = std::function<void(const LiveBatch&, const LiveAnswer&)>;
  void each_batch(const Dataset& data, const Pass& pass, const LiveWants& wants, const See& see);
  std::size_t index_of(const std::string& tensor) const;
  const std::string& their_layer(int index) const { return description_.layers[static_cast<std::size_t>(index)]; }

  LiveNetwork& live_;
  ForeignDescription description_;
  std::vector<Normalization> normalizations_;
  bool has_inputs_ = true;  ///< whether the samples are known as numbers
  std::optional<Dataset> data_, train_data_;
  std::map<std::string, std::size_t> index_;
  mutable std::map<std::string, Tensor> read_;  ///< the weights that were asked for
};

}  // namespace evenkeel
