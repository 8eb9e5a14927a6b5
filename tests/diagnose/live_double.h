#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/diagnose/measure/live_network.h"
#include "evenkeel/diagnose/measure/own_network.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/tensor_role.h"
#include "evenkeel/program/probes/extremes.h"
#include "evenkeel/program/probes/moments.h"

namespace evenkeel {

/// A network of our own that answers like one of another framework: as it is described, with names of its own, batch by
/// batch.
class LiveDouble : public LiveNetwork {
 public:
  explicit LiveDouble(Network& network, Dataset data, std::optional<Dataset> train = {})
      : network_(network), own_(network) {
    sets_[0] = std::move(data);
    sets_[1] = std::move(train);
    for (const WeightInfo& weight : network.weights())
      original_.emplace_back(weight.name, Tensor::copy_of(network.weight(weight.name)));
  }

  nlohmann::ordered_json described() const;
  std::string description() override { return formats::json_text(described()); }

  std::optional<LiveSamples> samples(bool of_training) override {
    const auto& set = sets_[of_training ? 1 : 0];
    if (!set) return {};
    LiveSamples samples{.name = set->name(), .size = set->size(), .class_names = set->class_names()};
    if (gives_inputs) samples.x = Tensor::copy_of(set->x());
    samples.y = Tensor::copy_of(set->y());
    return samples;
  }
  Tensor weight(const std::string& tensor) override { return Tensor::copy_of(network_.weight(ours(tensor))); }
  void set_weight(const std::string& tensor, TensorView values) override { own_.set_weight(ours(tensor), values); }
  LiveAnswer run(const LiveBatch& batch, const LiveModes& modes, const LiveWants& wants) override;
  LiveFullStatistics full_statistics(const LiveBatch& samples, bool noise, std::uint64_t, bool frozen_too,
                                     const std::vector<std::string>& keep) override;
  std::map<std::string, double> gradient_norms(const LiveBatch& batch) override {
    std::map<std::string, double> norms;
    for (const GradientNorm& g : own_.gradient_norms(dataset(batch))) norms[theirs(g.tensor)] = g.norm;
    return norms;
  }
  void restore() override {
    ++restored;
    for (const auto& [name, values] : original_) network_.set_weight(name, values);
  }

  /// "norm_1.gamma" for "norm_1/gamma".
  static std::string theirs(std::string tensor) {
    tensor[tensor.rfind('/')] = '.';
    return tensor;
  }
  static std::string ours(std::string tensor) {
    tensor[tensor.rfind('.')] = '/';
    return tensor;
  }

  bool gives_inputs = true;
  int restored = 0;
  std::int64_t sent_inputs = 0;  ///< samples that were sent here, not taken from the sets
  double passes = 0;             ///< of the data through the network

 private:
  Dataset dataset(const LiveBatch& batch);
  std::vector<LayerMode> modes_of(const LiveModes& modes) const;
  static std::vector<LayerStatistics> supplied_in(const LiveModes& modes);
  Instrument& instrument(const std::string& key, const CompileOptions& options) {
    auto& found = instruments_[key];
    if (!found) found = std::make_unique<Instrument>(network_, options);
    return *found;
  }
  void add_inputs(const Dataset& data, const StepContext& context, const LiveWants& wants, LiveAnswer& answer,
                  const std::vector<LayerStatistics>& supplied);

  Network& network_;
  OwnNetwork own_;
  std::optional<Dataset> sets_[2];
  NamedTensors original_;
  std::map<std::string, std::unique_ptr<Instrument>> instruments_;
  std::optional<Scorer> scorer_;
};

/// A layer's traits as another framework describes them.
inline nlohmann::ordered_json traits_json(const LayerTraits& t, const Shape& read) {
  using Json = nlohmann::ordered_json;
  static const char* const kMerges[] = {"none", "sum",     "product", "difference",
                                        "mean", "maximum", "minimum", "concatenation"};
  static const char* const kOrders[] = {"kept", "flattened", "reshaped", "permuted"};
  static const char* const kOver[] = {"batch", "group", "position"};
  static const char* const kPer[] = {"element", "channel", "sample", "other"};
  Json json{{"identity_in_evaluation", t.identity_in_evaluation},
            {"per_channel", t.per_channel},
            {"rescales", t.rescales},
            {"is_input", t.is_input},
            {"axes", kOrders[static_cast<int>(t.axes)]}};
  if (t.merge != Merge::none) json["merge"] = kMerges[static_cast<int>(t.merge)];
  if (t.pooling != PoolingKind::none) json["pooling"] = t.pooling == PoolingKind::mean ? "mean" : "maximum";
  if (t.activation != ActivationFunction::linear) json["activation"] = name_of(t.activation);
  if (t.linear) {
    json["linear"] = {
        {"outputs", t.linear->outputs}, {"groups", t.linear->groups}, {"transposed", t.linear->transposed}};
    if (t.linear->window) {
      const kernels::Window w = t.linear->over(read.batched(1));
      const ops::WindowOptions& o = *t.linear->window;
      json["linear"]["window"] = {{"size", {o.kernel.h, o.kernel.w}},
                                  {"strides", {o.strides.h, o.strides.w}},
                                  {"dilation", {o.dilation.h, o.dilation.w}},
                                  {"padding", {w.pad_top, w.pad_bottom(), w.pad_left, w.pad_right()}}};
    }
  }
  if (t.normalization) {
    const NormalizationTraits& n = *t.normalization;
    json["normalization"] = {{"over", kOver[static_cast<int>(n.over)]},
                             {"epsilon", n.epsilon},
                             {"groups", n.groups},
                             {"centered", n.centered}};
    if (n.axis) json["normalization"]["axis"] = *n.axis;
    if (n.moving)
      json["normalization"]["moving"] = {
          {"momentum", n.moving->momentum}, {"unbiased", n.moving->unbiased}, {"frozen", n.moving->frozen}};
  }
  if (t.noise) {
    json["noise"] = {{"factor_mean", t.noise->factor_mean},
                     {"factor_variance", t.noise->factor_variance},
                     {"offset_variance", t.noise->offset_variance},
                     {"covariance", t.noise->covariance},
                     {"per", kPer[static_cast<int>(t.noise->per)]}};
    if (t.noise->rate) json["noise"]["rate"] = *t.noise->rate;
  }
  return json;
}

inline nlohmann::ordered_json LiveDouble::described() const {
  using Json = nlohmann::ordered_json;
  static const std::map<TensorRole, const char*> roles = {{TensorRole::kernel, "kernel"},
                                                          {TensorRole::bias, "bias"},
                                                          {TensorRole::scale, "gamma"},
                                                          {TensorRole::shift, "beta"},
                                                          {TensorRole::slope, "slope"},
                                                          {TensorRole::moving_mean, "moving_mean"},
                                                          {TensorRole::moving_variance, "moving_variance"},
                                                          {TensorRole::batches, "batches"},
                                                          {TensorRole::other, "other"}};
  const auto sizes = [](const Shape& shape) {
    return std::vector<std::int64_t>(shape.sizes().begin(), shape.sizes().end());
  };
  const Model& model = network_.model();
  const std::vector<Shape> shapes = output_shapes(model);
  Json layers = Json::array();
  for (int i = 0; i < model.layers(); ++i) {
    const auto& [layer, inputs] = model.nodes()[static_cast<std::size_t>(i)];
    const int from = inputs.empty() ? -1 : inputs.front();
    Json weights = Json::array();
    for (const WeightInfo& w : network_.weights())
      if (w.layer == i)
        weights.push_back({{"name", theirs(w.name)},
                           {"role", roles.at(role_of(layer, w.name))},
                           {"shape", sizes(w.shape)},
                           {"trainable", w.trainable},
                           {"initializer", to_string(w.initializer)}});
    layers.push_back({{"name", layer.name()},
                      {"kind", layer.type()},
                      {"inputs", inputs},
                      {"output_shape", sizes(shapes[static_cast<std::size_t>(i)])},
                      {"traits", traits_json(layer.traits(),
                                             from < 0 ? model.input_shape() : shapes[static_cast<std::size_t>(from)])},
                      {"weights", weights},
                      {"trainable", layer.trainable()}});
  }
  return {{"framework", "torch"},
          {"class", model.name()},
          {"input_shape", sizes(model.input_shape())},
          {"outputs", network_.outputs() / network_.positions()},
          {"loss", name_of(*network_.options().loss)},
          {"scores", "probabilities"},
          {"layers", layers},
          {"output", model.output()}};
}

inline Dataset LiveDouble::dataset(const LiveBatch& batch) {
  const Dataset& set = *sets_[batch.of_training ? 1 : 0];
  std::vector<std::uint32_t> rows(batch.rows.begin(), batch.rows.end());
  const Dataset own = selected(set, rows, set.name());
  if (batch.x.shape().size() > 0) sent_inputs += batch.x.shape()[0];
  passes += static_cast<double>(rows.size()) / static_cast<double>(sets_[0]->size());
  return Dataset({.name = set.name(),
                  .x = batch.x.shape().size() > 0 ? batch.x.clone() : Tensor::copy_of(own.x()),
                  .y = batch.y.shape().size() > 0 ? batch.y.clone() : Tensor::copy_of(own.y()),
                  .class_names = batch.y.shape().size() > 0 ? std::vector<std::string>() : own.class_names()});
}

inline std::vector<LayerMode> LiveDouble::modes_of(const LiveModes& modes) const {
  std::vector<LayerMode> all(
      static_cast<std::size_t>(network_.model().layers()),
      LayerMode{.statistics = Statistics::moving, .update_statistics = false, .dropout = modes.noise});
  for (const auto& [layer, source] : modes.statistics)
    all[static_cast<std::size_t>(network_.model().find(layer))].statistics = source.statistics;
  return all;
}

inline std::vector<LayerStatistics> LiveDouble::supplied_in(const LiveModes& modes) {
  std::vector<LayerStatistics> all;
  for (const auto& [layer, source] : modes.statistics)
    if (source.statistics == Statistics::supplied) all.push_back({layer, source.mean, source.variance});
  return all;
}

inline LiveAnswer LiveDouble::run(const LiveBatch& batch, const LiveModes& modes, const LiveWants& wants) {
  const Dataset data = dataset(batch);
  const std::vector<LayerStatistics> supplied = supplied_in(modes);
  StepContext context = network_.context(Mode::evaluate, modes.step);
  context.modes = modes_of(modes);
  LiveAnswer answer;
  if (wants.losses || wants.outputs) {
    if (!scorer_) scorer_.emplace(network_, Network::targets_of(data));
    scorer_->set_batch_size(data.size());
    scorer_->supply(supplied);
    SampleScores scores = scorer_->score(data, context.modes, modes.step, &answer.outputs);
    answer.losses = std::move(scores.loss);
    answer.correct = std::move(scores.correct);
  }
  add_inputs(data, context, wants, answer, supplied);
  if (wants.output_signals.empty()) return answer;
  CompileOptions options;
  const CompiledModel compiled = compile(network_.model(), {.batch_size = 1});
  for (const std::string& layer : wants.output_signals)
    if (compiled.layer_values[static_cast<std::size_t>(network_.model().find(layer))] == layer + "/output")
      options.probes.push_back(layer + "/output");
  options.extremes = options.probes;
  Instrument& seeing = instrument("signals", options);
  reset_probes(seeing.store());
  seeing.supply(supplied, data.size());
  seeing.run(data, data.size(), context);
  for (const std::string& value : options.probes) {
    const ChannelMoments m = read_moments(seeing.store(), value);
    const ChannelExtremes e = read_extremes(seeing.store(), value);
    LiveSignal& signal = answer.output_signals[value.substr(0, value.rfind('/'))];
    signal = {
        .moments = {.count = m.count, .mean = m.mean, .m2 = m.variance}, .smallest = e.smallest, .largest = e.largest};
    for (double& v : signal.moments.m2) v *= m.count;
  }
  return answer;
}

/// What normalizations and others read.
inline void LiveDouble::add_inputs(const Dataset& data, const StepContext& context, const LiveWants& wants,
                                   LiveAnswer& answer, const std::vector<LayerStatistics>& supplied) {
  std::vector<std::string> layers = wants.input_moments;
  layers.insert(layers.end(), wants.input_squares.begin(), wants.input_squares.end());
  for (const auto& [layer, scale] : wants.input_histograms) layers.push_back(layer);
  if (layers.empty()) return;
  const CompiledModel compiled = compile(network_.model(), {.batch_size = 1});
  CompileOptions options;
  std::map<std::string, std::string> values;
  for (const std::string& layer : layers) {
    values[layer] = input_value(network_.model(), compiled, network_.model().find(layer));
    options.keep.push_back(values[layer]);
  }
  std::string key = "inputs";
  for (const std::string& layer : layers) key += ' ' + layer;
  Instrument& seeing = instrument(key, options);
  seeing.supply(supplied, data.size());
  seeing.run(data, data.size(), context, [&](const Instrument::Seen& seen) {
    for (const auto& [layer, value] : values) {
      const Tensor x = converted(seen.read(value), DType::float64);
      const auto numbers = x.as<double>();
      const auto channels = static_cast<std::size_t>(x.shape().back()),
                 elements = static_cast<std::size_t>(x.shape().row_size());
      if (std::ranges::count(wants.input_moments, layer) > 0) {
        LiveMoments& m = answer.input_moments[layer];
        m = {.count = static_cast<double>(numbers.size() / channels),
             .mean = std::vector<double>(channels),
             .m2 = std::vector<double>(channels)};
        for (std::size_t i = 0; i < numbers.size(); ++i) m.mean[i % channels] += numbers[i] / m.count;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          const double apart = numbers[i] - m.mean[i % channels];
          m.m2[i % channels] += apart * apart;
        }
      }
      if (std::ranges::count(wants.input_squares, layer) > 0) {
        std::vector<double>& sums = answer.input_squares[layer];
        sums.resize(elements);
        for (std::size_t i = 0; i < numbers.size(); ++i) sums[i % elements] += numbers[i] * numbers[i];
      }
      const auto scale = wants.input_histograms.find(layer);
      if (scale == wants.input_histograms.end()) continue;
      LiveHistogram& h = answer.input_histograms[layer];
      h = {.counts = std::vector<double>(64), .values = static_cast<double>(numbers.size())};
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double z = (numbers[i] - scale->second.mean[i % channels]) / scale->second.deviation[i % channels];
        if (std::isfinite(z)) ++h.counts[static_cast<std::size_t>(std::clamp((z + 4) / 8 * 64, 0.0, 63.0))];
      }
    }
  });
}

inline LiveFullStatistics LiveDouble::full_statistics(const LiveBatch& samples, bool noise, std::uint64_t,
                                                      bool frozen_too, const std::vector<std::string>& keep) {
  const Dataset data = dataset(samples);
  const Reestimated found = measure_statistics(
      network_, data,
      {.batch_size = kScoredAtOnce, .as_declared = false, .dropout = noise, .keep = keep, .frozen_too = frozen_too});
  const std::vector<Shape> shapes = output_shapes(network_.model());
  LiveFullStatistics result{.layers = {}, .passes = found.forward_passes};
  for (const LayerStatistics& of : found.after) {
    const Shape& shape = shapes[static_cast<std::size_t>(network_.model().find(of.layer))];
    const double count = static_cast<double>(data.size() * shape.size() / std::ssize(of.mean));
    LiveMoments& moments = result.layers[of.layer];
    moments = {.count = count, .mean = of.mean, .m2 = of.variance};
    for (double& v : moments.m2) v *= count;
  }
  return result;
}

}  // namespace evenkeel
