#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/capacity.h"
#include "evenkeel/diagnose/measure/foreign_network.h"
#include "evenkeel/diagnose/measure/live_answers.h"

// What a foreign network measures by layer.

namespace evenkeel {
namespace {

constexpr int kHistogramBins = 64;
constexpr double kHistogramReach = 4;

}  // namespace

LayerStatistics biased_statistics(const std::string& layer, LiveMoments moments) {
  for (double& v : moments.m2) v /= std::max(moments.count, 1.0);
  return {layer, std::move(moments.mean), std::move(moments.m2)};
}

Reestimated ForeignNetwork::statistics(const Dataset& data, const ReestimateOptions& options) {
  Reestimated result{.before = moving_statistics(*this), .after = {}, .samples = data.size()};
  if (normalizations_.empty()) return result;
  std::vector<std::string> keep;
  for (const std::string& name : options.keep) keep.push_back(their_layer(model().find(name)));
  const LiveFullStatistics found = live_.full_statistics(batch_of(data), options.dropout, 0, options.frozen_too, keep);
  for (std::size_t i = 0; i < normalizations_.size(); ++i) {
    const Normalization& n = normalizations_[i];
    const LayerStatistics& before = result.before[i];
    if ((n.frozen && !options.frozen_too) || std::ranges::count(options.keep, n.name) > 0) {
      result.after.push_back(before);
      continue;
    }
    LiveMoments moments = answer_of(found.layers, their_layer(n.layer), "statistics");
    require_numbers("statistics of " + n.name, before.mean.size(), moments.mean.size());
    require_numbers("statistics of " + n.name, before.mean.size(), moments.m2.size());
    if (options.as_declared && n.unbiased && moments.count > 1) moments.count -= 1;
    result.after.push_back(biased_statistics(n.name, std::move(moments)));
  }
  result.forward_passes = found.passes;
  if (options.after_batch) options.after_batch(found.passes);
  return result;
}

LayerStatistics ForeignNetwork::input_moments(const Dataset& data, std::size_t normalization, std::int64_t batch_size) {
  const Normalization& n = normalizations_[normalization];
  LiveMoments all;
  each_batch(data, {.batch_size = batch_size}, {.input_moments = {their_layer(n.layer)}},
             [&](const LiveBatch&, const LiveAnswer& answer) {
               all.add(answer_of(answer.input_moments, their_layer(n.layer), "moments"));
             });
  return biased_statistics(n.name, std::move(all));
}

std::vector<ChannelSignal> ForeignNetwork::channel_signals(const Dataset& data,
                                                           const std::vector<LayerStatistics>& statistics,
                                                           std::int64_t batch_size) {
  LiveWants wants;
  for (int i = 0; i < model().layers(); ++i)
    if (!model().nodes()[static_cast<std::size_t>(i)].layer.traits().is_input)
      wants.output_signals.push_back(their_layer(i));
  std::map<std::string, LiveSignal> all;
  each_batch(data, {.statistics = Statistics::supplied, .supplied = &statistics, .batch_size = batch_size}, wants,
             [&](const LiveBatch&, const LiveAnswer& answer) {
               for (const auto& [layer, signal] : answer.output_signals) all[layer].add(signal);
             });
  std::vector<ChannelSignal> signals;
  for (int i = 0; i < model().layers(); ++i) {
    const auto found = all.find(their_layer(i));
    if (found == all.end()) continue;  // a layer that passes on what it reads has none of its own
    LiveSignal& signal = found->second;
    LayerStatistics moments = biased_statistics(model().name_of(i), std::move(signal.moments));
    require_numbers("signals of " + moments.layer, moments.mean.size(), signal.smallest.size());
    require_numbers("signals of " + moments.layer, moments.mean.size(), signal.largest.size());
    signals.push_back({.layer = std::move(moments.layer),
                       .smallest = std::move(signal.smallest),
                       .largest = std::move(signal.largest),
                       .mean = std::move(moments.mean),
                       .variance = std::move(moments.variance)});
  }
  return signals;
}

std::map<int, std::vector<double>> ForeignNetwork::input_squares(const Dataset& data,
                                                                 const std::vector<LayerStatistics>& statistics,
                                                                 const std::vector<int>& layers,
                                                                 std::int64_t batch_size) {
  LiveWants wants;
  for (const int layer : layers) wants.input_squares.push_back(their_layer(layer));
  std::map<int, std::vector<double>> squares;
  each_batch(data, {.statistics = Statistics::supplied, .supplied = &statistics, .batch_size = batch_size}, wants,
             [&](const LiveBatch&, const LiveAnswer& answer) {
               for (const int layer : layers) {
                 const std::vector<double>& sums = answer_of(answer.input_squares, their_layer(layer), "squares");
                 std::vector<double>& mean = squares[layer];
                 if (mean.empty()) mean.resize(sums.size());
                 require_numbers("squares of " + their_layer(layer), mean.size(), sums.size());
                 for (std::size_t i = 0; i < sums.size(); ++i) mean[i] += sums[i] / static_cast<double>(data.size());
               }
             });
  return squares;
}

std::vector<InputHistogram> ForeignNetwork::input_histograms(const Dataset& data,
                                                             const std::vector<LayerStatistics>& reference,
                                                             std::int64_t samples) {
  const Dataset first = data.range(0, std::min(samples, data.size()));
  LiveWants wants;
  std::vector<InputHistogram> result;
  for (std::size_t i = 0; i < normalizations_.size(); ++i) {
    const Normalization& n = normalizations_[i];
    LiveScale scale{.mean = reference[i].mean, .deviation = reference[i].variance};
    for (double& v : scale.deviation) v = std::sqrt(v + n.epsilon);
    wants.input_histograms.emplace(their_layer(n.layer), std::move(scale));
    result.push_back({.layer = n.name, .at = {}, .training = {}, .evaluation = {}});
    for (int bin = 0; bin < kHistogramBins; ++bin)
      result.back().at.push_back(kHistogramReach * ((2.0 * bin + 1) / kHistogramBins - 1));
  }
  const std::int64_t size = batch_that_fits(first.size(), kBatchBytes);
  for (const bool training : {true, false}) {
    std::map<std::string, LiveHistogram> all;
    const Pass pass{
        .statistics = training ? Statistics::batch : Statistics::moving, .noise = training, .batch_size = size};
    each_batch(first, pass, wants, [&](const LiveBatch&, const LiveAnswer& answer) {
      for (const Normalization& n : normalizations_) {
        const LiveHistogram& of = answer_of(answer.input_histograms, their_layer(n.layer), "histogram");
        require_numbers("histogram of " + n.name, kHistogramBins, of.counts.size());
        LiveHistogram& sum = all[n.name];
        sum.counts.resize(kHistogramBins);
        for (std::size_t bin = 0; bin < of.counts.size(); ++bin) sum.counts[bin] += of.counts[bin];
        sum.values += of.values;
      }
    });
    for (InputHistogram& histogram : result) {
      LiveHistogram& of = all[histogram.layer];
      for (double& count : of.counts) count /= of.values * 2 * kHistogramReach / kHistogramBins;
      (training ? histogram.training : histogram.evaluation) = std::move(of.counts);
    }
  }
  return result;
}

std::vector<GradientNorm> ForeignNetwork::gradient_norms(const Dataset& batch) {
  const std::map<std::string, double> found = live_.gradient_norms(batch_of(batch));
  std::vector<GradientNorm> norms;
  for (std::size_t i = 0; i < weights().size(); ++i) {
    const auto norm = found.find(description_.tensors[i].theirs);
    if (!weights()[i].trainable || norm == found.end()) continue;
    norms.push_back({.tensor = weights()[i].name,
                     .layer = model().name_of(weights()[i].layer),
                     .size = weights()[i].shape.size(),
                     .norm = norm->second});
  }
  return norms;
}

}  // namespace evenkeel
