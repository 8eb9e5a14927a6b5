#include "evenkeel/diagnose/measure/own_network.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/measure/capacity.h"
#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/program/probes/moments.h"

namespace evenkeel {
namespace {

/// The network's options, for another one with its weights.
NetworkOptions options_of_copy(const Network& network) {
  NetworkOptions options = network.options();
  options.probes.clear();
  options.optimizer.reset();
  options.draw_weights = false;
  return options;
}

}  // namespace

const Loss& OwnNetwork::loss() const {
  if (!network_.options().loss) throw Error{{.where = "scores", .expected = "a loss", .received = "none"}};
  return *network_.options().loss;
}

bool OwnNetwork::is_undone_by_loss(int layer) const { return yields_outputs(model(), layer); }

double OwnNetwork::flops() const { return flops_of_sample(model()); }

void OwnNetwork::set_weight(const std::string& name, TensorView value) {
  const DType real = network_.options().compute.real;
  if (value.dtype == real)
    network_.set_weight(name, value);
  else
    network_.set_weight(name, converted(value, real));
}

std::optional<Tensor> OwnNetwork::initial_values(std::size_t index) const {
  const WeightInfo& weight = weights()[index];
  const DType real = network_.options().compute.real;
  Tensor values(weight.shape, real);
  weight.initializer.fill(
      values.data(), weight.shape, real,
      {.seed = network_.options().seed, .purpose = Purpose::initializer, .index = static_cast<std::uint32_t>(index)});
  return values;
}

std::int64_t OwnNetwork::batch_that_fits(std::int64_t most, std::int64_t bytes) const {
  return evenkeel::batch_that_fits(model(), {.loss = loss()}, most, bytes);
}

std::int64_t OwnNetwork::training_batch_that_fits(const Dataset& data, std::int64_t most, std::int64_t bytes) const {
  const CompileOptions training{.loss = loss(), .targets = Network::targets_of(data), .train = true};
  return evenkeel::batch_that_fits(model(), training, most, bytes);
}

Scorer& OwnNetwork::scorer_for(const Dataset& data) {
  const Targets targets = Network::targets_of(data);
  return scorers_.try_emplace(targets, network_, targets).first->second;
}

SampleScores OwnNetwork::score(const Dataset& data, const Pass& pass, std::vector<float>* outputs) {
  Scorer& scorer = scorer_for(data);
  scorer.set_batch_size(pass.batch_size);
  if (pass.supplied) scorer.supply(*pass.supplied);
  std::vector<LayerMode> modes = uniform_modes(network_, pass.statistics, pass.noise);
  for (const std::string& layer : pass.on_moving)
    modes[static_cast<std::size_t>(model().find(layer))].statistics = Statistics::moving;
  return scorer.score(data, modes, pass.step, outputs, pass.after_batch);
}

SampleScores OwnNetwork::score_with(const NamedTensors& weights, const Dataset& data, const Pass& pass) {
  // A copy: in place, averages of the weights that an optimizer keeps would be used instead.
  if (!copy_.network) copy_.network = std::make_unique<OwnNetwork>(draft().network(options_of_copy(network_)));
  OwnNetwork& copy = *copy_.network;
  for (const auto& [name, values] : copy_.originals) copy.set_weight(name, values);
  copy_.originals.clear();
  for (const auto& [name, values] : weights) {
    copy_.originals.emplace_back(name, Tensor::copy_of(copy.weight(name)));
    copy.set_weight(name, values);
  }
  return copy.score(data, pass, nullptr);
}

Reestimated OwnNetwork::statistics(const Dataset& data, const ReestimateOptions& options) {
  return measure_statistics(network_, data, options);
}

LayerStatistics OwnNetwork::input_moments(const Dataset& data, std::size_t normalization, std::int64_t batch_size) {
  if (!probe_ || probe_->normalization != normalization) {
    const int layer = normalizations(model())[normalization].layer;
    probe_.emplace(network_, normalization, input_value(model(), compile(model(), {.batch_size = 1}), layer));
  }
  reset_probes(probe_->instrument.store());
  probe_->instrument.run(data, batch_size, network_.context(Mode::evaluate));
  ChannelMoments moments = read_moments(probe_->instrument.store(), probe_->value);
  return {normalizations(model())[normalization].name, std::move(moments.mean), std::move(moments.variance)};
}

std::vector<ChannelSignal> OwnNetwork::channel_signals(const Dataset& data,
                                                       const std::vector<LayerStatistics>& statistics,
                                                       std::int64_t batch_size) {
  return evenkeel::channel_signals(network_, data, statistics, batch_size);
}

std::map<int, std::vector<double>> OwnNetwork::input_squares(const Dataset& data,
                                                             const std::vector<LayerStatistics>& statistics,
                                                             const std::vector<int>& layers, std::int64_t batch_size) {
  const CompiledModel compiled = compile(model(), {.batch_size = 1});
  std::map<int, std::string> read;
  std::vector<std::string> values;
  for (const int layer : layers) {
    read[layer] = input_value(model(), compiled, layer);
    values.push_back(read[layer]);
  }
  Instrument instrument(network_, {.keep = values});
  batch_size = evenkeel::batch_that_fits(model(), {.keep = values}, std::min(batch_size, data.size()), kBatchBytes);
  instrument.supply(statistics, batch_size);
  StepContext context = network_.context(Mode::evaluate);
  context.modes = uniform_modes(network_, Statistics::supplied, false);
  std::map<int, std::vector<double>> squares;
  instrument.run(data, batch_size, context, [&](const Instrument::Seen& seen) {
    for (const auto& [layer, value] : read) {
      const Tensor x = converted(seen.read(value), DType::float64);
      std::vector<double>& sum = squares[layer];
      sum.resize(static_cast<std::size_t>(x.shape().row_size()));
      for (std::size_t i = 0; i < x.as<double>().size(); ++i)
        sum[i % sum.size()] += x.as<double>()[i] * x.as<double>()[i] / static_cast<double>(data.size());
    }
  });
  return squares;
}

std::vector<InputHistogram> OwnNetwork::input_histograms(const Dataset& data,
                                                         const std::vector<LayerStatistics>& reference,
                                                         std::int64_t samples) {
  return evenkeel::input_histograms(network_, data, reference, samples);
}

std::vector<GradientNorm> OwnNetwork::gradient_norms(const Dataset& batch) {
  Batches batches(batch, {.batch_size = batch.size(), .shuffle = false});
  return evenkeel::gradient_norms(network_, batches.next());
}

std::unique_ptr<MeasuredNetwork> OwnNetwork::as_model(const Model& other) const {
  NetworkOptions options = network_.options();
  options.probes.clear();
  auto network = std::make_unique<Network>(other, options);
  for (const WeightInfo& weight : weights()) network->set_weight(weight.name, network_.weight(weight.name));
  return std::make_unique<OwnNetwork>(std::move(network));
}

}  // namespace evenkeel
