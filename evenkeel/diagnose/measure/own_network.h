#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/measured_network.h"

namespace evenkeel {

/// A network of our own, measured by programs that are compiled from its model (Instrument).
class OwnNetwork final : public MeasuredNetwork {
 public:
  /// Without a loss, everything that needs one throws Error.
  explicit OwnNetwork(Network& network) : network_(network) {}
  explicit OwnNetwork(std::unique_ptr<Network> network) : owned_(std::move(network)), network_(*owned_) {}

  const Model& model() const override { return network_.model(); }
  const Loss& loss() const override;
  const std::vector<WeightInfo>& weights() const override { return network_.weights(); }
  std::int64_t outputs() const override { return network_.outputs(); }
  std::int64_t positions() const override { return network_.positions(); }
  bool is_undone_by_loss(int layer) const override;
  double flops() const override;
  TensorView weight(const std::string& name) const override { return network_.weight(name); }
  void set_weight(const std::string& name, TensorView value) override;
  std::optional<Tensor> initial_values(std::size_t index) const override;
  std::optional<InitialRange> initial_range(std::size_t index) const override { return range_of(weights()[index]); }
  void check(const Dataset& data) const override { network_.check(data, true); }
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
  Draft draft() override { return Draft(network_); }
  std::unique_ptr<MeasuredNetwork> as_model(const Model& other) const override;

 private:
  /// A copy whose weights may be changed, and its tensors as they were.
  struct Copy {
    std::unique_ptr<OwnNetwork> network;
    NamedTensors originals = {};  ///< of those that have other values now
  };
  /// Measures one normalization's input.
  struct InputProbe {
    InputProbe(Network& network, std::size_t which, std::string read)
        : normalization(which), value(std::move(read)), instrument(network, {.probes = {value}}) {}
    std::size_t normalization;
    std::string value;
    Instrument instrument;
  };
  Scorer& scorer_for(const Dataset& data);

  std::unique_ptr<Network> owned_;
  Network& network_;
  std::map<Targets, Scorer> scorers_;
  Copy copy_;
  std::optional<InputProbe> probe_;
};

}  // namespace evenkeel
