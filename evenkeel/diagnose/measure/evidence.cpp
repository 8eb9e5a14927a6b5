#include "evenkeel/diagnose/measure/evidence.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/data/unusual_samples.h"
#include "evenkeel/diagnose/measure/chance_loss.h"
#include "evenkeel/diagnose/measure/input_mismatch.h"
#include "evenkeel/diagnose/measure/own_network.h"

namespace evenkeel {
namespace {

constexpr int kPassesToShow = 2;     ///< of what is shown, but no rule judges by it
constexpr double kOtherData = 0.05;  ///< nats; the channels of two similar sets differ by far less

/// The first mask of a pass; no two passes share a mask.
std::uint64_t first_step(int pass) { return static_cast<std::uint64_t>(pass) << 32; }

std::vector<LayerStatistics> statistics_of_data(const std::vector<StatisticsGap>& gaps) {
  std::vector<LayerStatistics> all;
  for (const StatisticsGap& gap : gaps) all.push_back(gap.data);
  return all;
}

/// The set itself if no sample is unusual.
Dataset usual_part(const Dataset& data) {
  const std::vector<UnusualSample> unusual = unusual_samples(data);
  if (unusual.empty()) return data;
  std::vector<std::uint32_t> rows;
  for (std::int64_t i = 0; i < data.size(); ++i)
    if (std::ranges::count(unusual, i, &UnusualSample::index) == 0) rows.push_back(static_cast<std::uint32_t>(i));
  return selected(data, rows, data.name());
}

bool is_noisy(const Model& model) {
  return std::ranges::any_of(model.nodes(),
                             [](const Model::Node& node) { return node.layer.traits().noise.has_value(); });
}

}  // namespace

Evidence::Evidence(MeasuredNetwork& network, Subject subject, Observer observer)
    : Evidence(std::shared_ptr<MeasuredNetwork>(std::shared_ptr<void>(), &network), std::move(subject),
               std::move(observer)) {}

Evidence::Evidence(Network& network, Subject subject, Observer observer)
    : Evidence(std::make_shared<OwnNetwork>(network), std::move(subject), std::move(observer)) {}

Evidence::Evidence(std::shared_ptr<MeasuredNetwork> network, Subject subject, Observer observer)
    : network_(std::move(network)),
      subject_(std::move(subject)),
      observer_(std::move(observer)),
      defects_(scan_weights(*network_)),
      substituted_(*network_),
      data_(sample_of(subject_.data, subject_.samples)),
      normalizations_(evenkeel::normalizations(network_->model())),
      has_dropout_(is_noisy(network_->model())),
      flops_(network_->flops()),
      at_once_(network_->batch_that_fits(std::min(kScoredAtOnce, std::max<std::int64_t>(data_.size(), 1)),
                                         subject_.memory_bytes / 2)),
      scored_at_once_(std::min(at_once_, data_.size())) {
  network_->check(subject_.data);
  if (subject_.train_data) {
    network_->check(*subject_.train_data);
    train_data_ = sample_of(*subject_.train_data, subject_.samples);
  }
  if (substituted_.any_statistic()) substitute_statistics();
}

/// Counts what the pass sends through the network, and lets the observer know.
Pass Evidence::observed(Pass pass) {
  pass.after_batch = [this](std::int64_t samples) {
    passed_ += static_cast<double>(samples);
    if (observer_) observer_(*this);
  };
  return pass;
}

SampleScores Evidence::passed_over(const Dataset& data, Pass pass, std::vector<float>* outputs) {
  pass.batch_size = scored_at_once_;
  return network_->score(data, observed(std::move(pass)), outputs);
}

SampleScores Evidence::score(const Dataset& data) { return passed_over(data, {}); }

SampleScores Evidence::score(const Dataset& data, std::vector<float>& outputs) {
  return passed_over(data, {}, &outputs);
}

SampleScores Evidence::score_with(const NamedTensors& weights, const Dataset& data) {
  return network_->score_with(weights, data, observed({.batch_size = scored_at_once_}));
}

/// How statistics are measured.
ReestimateOptions Evidence::measuring() {
  ReestimateOptions options{.batch_size = at_once_, .memory_bytes = subject_.memory_bytes};
  if (observer_)
    options.after_batch = [this, before = 0.0](double passes) mutable {
      passed_ += (passes - before) * static_cast<double>(statistics_data().size());
      before = passes;
      observer_(*this);
    };
  return options;
}

/// Statistics that nothing can be computed with are replaced by those of the data, so that the others can be measured.
void Evidence::substitute_statistics() {
  substituted_.replace_statistics(full_statistics());
  const std::vector<LayerStatistics> moving = moving_statistics(*network_);
  for (std::size_t i = 0; i < moving.size(); ++i)
    (*gaps_)[i] = gap_between(moving[i], (*gaps_)[i].data, normalizations_[i].epsilon, (*gaps_)[i].samples);
}

std::vector<StatisticsGap> Evidence::measured_gaps(MeasuredNetwork& network, bool dropout) {
  ReestimateOptions options = measuring();
  options.dropout = dropout;
  const Reestimated measured = network.statistics(statistics_data(), options);
  if (!observer_) add_passes(measured.forward_passes, statistics_data());
  std::vector<StatisticsGap> gaps;
  for (std::size_t i = 0; i < normalizations_.size(); ++i) {
    LayerStatistics moving = measured.before[i];
    // Variances that are not above zero are found by bad-variance.
    for (std::size_t c = 0; c < moving.variance.size(); ++c)
      if (moving.variance[c] <= 0) moving.variance[c] = measured.after[i].variance[c];
    gaps.push_back(gap_between(moving, measured.after[i], normalizations_[i].epsilon, statistics_data().size()));
  }
  return gaps;
}

const std::vector<StatisticsGap>& Evidence::gaps() {
  if (!gaps_) gaps_ = measured_gaps(*network_, false);
  return *gaps_;
}

const std::vector<StatisticsGap>& Evidence::gaps_with_dropout() {
  if (!has_dropout_) return gaps();
  if (!gaps_with_dropout_) gaps_with_dropout_ = measured_gaps(*network_, true);
  return *gaps_with_dropout_;
}

const std::vector<std::optional<NoiseShift>>& Evidence::noise_shifts() {
  if (!noise_shifts_) {
    noise_shifts_ = evenkeel::noise_shifts(*network_, statistics_data(), full_statistics(),
                                           statistics_of_data(gaps_with_dropout()), at_once_);
    add_passes(1, statistics_data());
  }
  return *noise_shifts_;
}

std::vector<StatisticsGap> Evidence::gaps_as(const Model& other) {
  return measured_gaps(*network_->as_model(other), false);
}

SampleScores Evidence::evaluation_as(const Model& other) {
  return network_->as_model(other)->score(data_, observed({.batch_size = scored_at_once_}));
}

std::vector<LayerStatistics> Evidence::full_statistics() { return statistics_of_data(gaps()); }

std::vector<LayerStatistics> Evidence::unfrozen_statistics() {
  ReestimateOptions options = measuring();
  options.frozen_too = true;
  Reestimated measured = network_->statistics(statistics_data(), options);
  if (!observer_) add_passes(measured.forward_passes, statistics_data());
  return std::move(measured.after);
}

const SampleScores& Evidence::scored(const std::string& key, const std::function<SampleScores()>& measure) {
  const auto found = scores_.find(key);
  if (found != scores_.end()) return found->second;
  return scores_.emplace(key, measure()).first->second;
}

const SampleScores& Evidence::evaluation() {
  return scored("evaluation", [&] {
    std::vector<float> outputs;
    SampleScores scores = score(data_, outputs);
    outputs_ = std::move(outputs);
    return scores;
  });
}

const SampleScores& Evidence::evaluation_as_is() {
  if (!substituted_.any()) return evaluation();
  return scored("evaluation as is", [&] { return substituted_.with_originals([&] { return score(data_); }); });
}

const SampleScores& Evidence::train_evaluation_as_is() {
  if (!substituted_.any()) return train_evaluation();
  if (!train_data_) return evaluation_as_is();
  return scored("train evaluation as is",
                [&] { return substituted_.with_originals([&] { return score(*train_data_); }); });
}

const std::vector<float>& Evidence::outputs() {
  evaluation();
  return *outputs_;
}

const SampleScores& Evidence::full_data() { return full_data_of(data_); }

const SampleScores& Evidence::full_data_of(const Dataset& data) {
  return scored(&data == &data_ ? "full data" : "full data, of training", [&] {
    const std::vector<LayerStatistics> statistics = full_statistics();
    return passed_over(data, {.statistics = Statistics::supplied, .supplied = &statistics});
  });
}

SampleScores Evidence::with_dropout(const Dataset& data) {
  if (!has_dropout_) return full_data_of(data);
  const std::vector<LayerStatistics> statistics = statistics_of_data(gaps_with_dropout());
  std::vector<SampleScores> passes;
  const int masks = &data == &data_ ? passes_to_judge() : kPassesToShow;
  for (int pass = 0; pass < masks; ++pass)
    passes.push_back(passed_over(
        data, {.statistics = Statistics::supplied, .supplied = &statistics, .noise = true, .step = first_step(pass)}));
  return mean_of_passes(passes);
}

const SampleScores& Evidence::training() {
  return scored("training", [&] { return with_dropout(data_); });
}

const SampleScores& Evidence::train_evaluation() {
  if (!train_data_) return evaluation();
  return scored("train evaluation", [&] { return score(*train_data_); });
}

const SampleScores& Evidence::train_training() {
  if (!train_data_) return training();
  return scored("train training", [&] { return with_dropout(*train_data_); });
}

const Dataset& Evidence::larger_unless(std::int64_t samples) const {
  return train_data().size() < std::min(samples, data_.size()) ? data_ : train_data();
}

const std::vector<SampleScores>& Evidence::in_batches(std::int64_t batch_size, bool dropout) {
  return batches_of(data_, batch_size, Statistics::batch, dropout);
}

const std::vector<SampleScores>& Evidence::evaluation_in_batches(std::int64_t batch_size) {
  return batches_of(data_, batch_size, Statistics::moving, false);
}

const SampleScores& Evidence::evaluation_alone() {
  return scored("alone", [&] { return network_->score(data_, observed({.batch_size = 1})); });
}

Evidence::BatchScores Evidence::batches_against_data(std::int64_t batch_size) {
  const Dataset& set = statistics_data();
  if (&set == &data_) return {full_data(), in_batches(batch_size, false)};
  return {full_data_of(set), batches_of(set, batch_size, Statistics::batch, false)};
}

const std::vector<SampleScores>& Evidence::batches_of(const Dataset& data, std::int64_t batch_size,
                                                      Statistics statistics, bool dropout) {
  dropout = dropout && has_dropout_;
  const auto key = std::tuple(&data, batch_size, statistics, dropout);
  const auto found = batches_.find(key);
  if (found != batches_.end()) return found->second;
  std::vector<SampleScores> passes;
  for (int pass = 0; pass < (&data == &statistics_data() ? passes_to_judge() : kPassesToShow); ++pass)
    passes.push_back(shuffled_scores(data, static_cast<std::uint64_t>(pass), [&](const Dataset& shuffled) {
      return network_->score(
          shuffled,
          observed({.statistics = statistics, .noise = dropout, .step = first_step(pass), .batch_size = batch_size}));
    }));
  return batches_.emplace(key, std::move(passes)).first->second;
}

const SampleScores& Evidence::moving_in(const std::vector<std::string>& layers) {
  std::string key = "moving in";
  for (const std::string& layer : layers) key += '\n' + layer;
  return scored(key, [&] {
    const std::vector<LayerStatistics> statistics = full_statistics();
    return passed_over(data_, {.statistics = Statistics::supplied, .on_moving = layers, .supplied = &statistics});
  });
}

const SampleScores& Evidence::on_statistics(const std::string& name, const std::vector<LayerStatistics>& statistics) {
  return scored("on " + name,
                [&] { return passed_over(data_, {.statistics = Statistics::supplied, .supplied = &statistics}); });
}

double Evidence::chance_loss() {
  return evenkeel::chance_loss(network_->loss(), train_data(), network_->outputs(), network_->positions());
}

const Guessing& Evidence::guessing() {
  if (!guessing_) guessing_ = evenkeel::guessing(network_->loss(), data_, network_->outputs(), network_->positions());
  return *guessing_;
}

const Guessing& Evidence::train_guessing() {
  if (!train_data_) return guessing();
  if (!train_guessing_)
    train_guessing_ = evenkeel::guessing(network_->loss(), *train_data_, network_->outputs(), network_->positions());
  return *train_guessing_;
}

double Evidence::expected_passes() const {
  const auto samples_of = [](const Dataset& data) { return static_cast<double>(data.size()); };
  const auto known = [&](const char* key) { return scores_.contains(key); };
  const bool normalizes = !normalizations_.empty();
  double left = 0;
  const auto add = [&](bool done, double passes, const Dataset& of) { left += done ? 0 : passes * samples_of(of); };
  add(known("evaluation"), 1, data_);
  // A network whose values do not fit the memory is computed from its start more than once.
  if (normalizes) add(gaps_.has_value(), is_large() ? 2 : 1, statistics_data());
  if (normalizes && has_dropout_) add(gaps_with_dropout_.has_value(), is_large() ? 2 : 1, statistics_data());
  add(known("full data"), 1, data_);
  if (has_dropout_) add(known("training"), passes_to_judge(), data_);
  if (signal_data().size() >= kManySamples) add(channels_.has_value(), 1, signal_data());
  const auto batches = [&](const Dataset& of) {
    return std::ranges::any_of(batches_, [&](const auto& entry) { return std::get<0>(entry.first) == &of; });
  };
  add(batches(data_), &data_ == &statistics_data() ? passes_to_judge() : kPassesToShow, data_);
  if (train_data_) {
    add(known("train evaluation"), 1, *train_data_);
    add(known("full data, of training"), 1, *train_data_);
    if (normalizes && &statistics_data() == &*train_data_) add(batches(*train_data_), passes_to_judge(), *train_data_);
    if (has_dropout_) add(known("train training"), kPassesToShow, *train_data_);
  }
  left += std::max(0.0, announced_until_ - passed());
  return (passed() + left) / std::max(samples_of(data_), samples_of(train_data()));
}

bool Evidence::has_inputs() const { return network_->why_not(Measurement::inputs).empty(); }

const Dataset& Evidence::usual_data() {
  if (!usual_data_) usual_data_ = has_inputs() ? usual_part(data_) : data_;
  return *usual_data_;
}

const Dataset& Evidence::usual_train_data() {
  if (!train_data_) return usual_data();
  if (!usual_train_data_) usual_train_data_ = has_inputs() ? usual_part(train_data()) : train_data();
  return *usual_train_data_;
}

const LayerStatistics& Evidence::train_moments() {
  if (!train_moments_) train_moments_ = channel_moments(usual_train_data());
  return *train_moments_;
}

bool Evidence::inputs_differ() {
  if (!inputs_differ_)
    inputs_differ_ =
        has_inputs() && statistics_distance(channel_moments(usual_data()), train_moments(), 1e-6) > kOtherData;
  return *inputs_differ_;
}

const Mismatch* Evidence::mismatch() {
  if (!mismatch_) {
    std::optional<Mismatch> found = find_mismatch(*this);
    mismatch_ = found ? std::make_shared<const Mismatch>(std::move(*found)) : nullptr;
  }
  return mismatch_->get();
}

const std::vector<ChannelSignal>& Evidence::channels() {
  if (!channels_) {
    const std::vector<LayerStatistics> statistics = full_statistics();
    channels_ = network_->channel_signals(signal_data(), statistics, at_once_);
    add_passes(1, signal_data());
  }
  return *channels_;
}

const std::vector<GradientNorm>& Evidence::gradients() {
  if (!gradients_) {
    const std::int64_t size = network_->training_batch_that_fits(
        train_data(), std::min(kScoredAtOnce, train_data().size()), subject_.memory_bytes);
    gradients_ = network_->gradient_norms(train_data().range(0, size));
    passed_ += 3.0 * static_cast<double>(size);
  }
  return *gradients_;
}

std::vector<InputHistogram> Evidence::histograms(std::int64_t samples) {
  return network_->input_histograms(statistics_data(), full_statistics(), samples);
}

}  // namespace evenkeel
