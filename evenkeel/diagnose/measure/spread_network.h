#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/measured_network.h"
#include "evenkeel/distributed/communicator.h"

namespace evenkeel {

/// A network that several processes measure together. All have it and the same data, and call the same functions in the
/// same order; each sends whole batches of its own through it, and all get the same bits: scores as one process would
/// find them, moments within rounding. Histograms of a few samples and gradients of one step are not divided.
class SpreadNetwork final : public MeasuredNetwork {
 public:
  SpreadNetwork(MeasuredNetwork& network, Communicator& among) : network_(network), among_(among) {}
  SpreadNetwork(std::unique_ptr<MeasuredNetwork> network, Communicator& among)
      : owned_(std::move(network)), network_(*owned_), among_(among) {}

  const Model& model() const override { return network_.model(); }
  const Loss& loss() const override { return network_.loss(); }
  const std::vector<WeightInfo>& weights() const override { return network_.weights(); }
  std::int64_t outputs() const override { return network_.outputs(); }
  std::int64_t positions() const override { return network_.positions(); }
  bool is_undone_by_loss(int layer) const override { return network_.is_undone_by_loss(layer); }
  double flops() const override { return network_.flops(); }
  std::string why_not(Measurement which) const override { return network_.why_not(which); }
  std::string shown_name(const std::string& tensor) const override { return network_.shown_name(tensor); }
  TensorView weight(const std::string& name) const override { return network_.weight(name); }
  void set_weight(const std::string& name, TensorView value) override { network_.set_weight(name, value); }
  std::optional<Tensor> initial_values(std::size_t index) const override { return network_.initial_values(index); }
  std::optional<InitialRange> initial_range(std::size_t index) const override { return network_.initial_range(index); }
  void check(const Dataset& data) const override { network_.check(data); }
  std::int64_t batch_that_fits(std::int64_t most, std::int64_t bytes) const override {
    return network_.batch_that_fits(most, bytes);
  }
  std::int64_t training_batch_that_fits(const Dataset& data, std::int64_t most, std::int64_t bytes) const override {
    return network_.training_batch_that_fits(data, most, bytes);
  }
  SampleScores score(const Dataset& data, const Pass& pass, std::vector<float>* outputs) override;
  SampleScores score_with(const NamedTensors& weights, const Dataset& data, const Pass& pass) override;
  Reestimated statistics(const Dataset& data, const ReestimateOptions& options) override;
  LayerStatistics input_moments(const Dataset& data, std::size_t normalization, std::int64_t batch_size) override;
  std::vector<ChannelSignal> channel_signals(const Dataset& data, const std::vector<LayerStatistics>& statistics,
                                             std::int64_t batch_size) override;
  std::map<int, std::vector<double>> input_squares(const Dataset& data, const std::vector<LayerStatistics>& statistics,
                                                   const std::vector<int>& layers, std::int64_t batch_size) override;
  std::vector<InputHistogram> input_histograms(const Dataset& data, const std::vector<LayerStatistics>& reference,
                                               std::int64_t samples) override {
    return network_.input_histograms(data, reference, samples);
  }
  std::vector<GradientNorm> gradient_norms(const Dataset& batch) override;
  Draft draft() override { return network_.draft(); }
  std::unique_ptr<MeasuredNetwork> as_model(const Model& other) const override;

 private:
  SampleScores divided(const Dataset& data, const Pass& pass, std::vector<float>* outputs,
                       const std::function<SampleScores(const Dataset&, const Pass&, std::vector<float>*)>& score);

  std::unique_ptr<MeasuredNetwork> owned_;
  MeasuredNetwork& network_;
  Communicator& among_;
};

}  // namespace evenkeel
