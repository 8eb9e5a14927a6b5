#include "evenkeel/diagnose/measure/sample_scores.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/base/sample.h"
#include "evenkeel/nn/normalizations.h"

namespace evenkeel {
namespace {

constexpr std::uint64_t kSampleSeed = 7;

Estimate estimate_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(std::max<std::size_t>(values.size(), 1));
  return {mean_of(values), deviation_of(values) / std::sqrt(n)};
}

/// Rows of a view, in that order.
Tensor gathered(TensorView view, const std::vector<std::uint32_t>& rows) {
  Tensor result(view.shape.with(0, std::ssize(rows)), view.dtype);
  const std::size_t bytes = view.bytes() / static_cast<std::size_t>(view.shape[0]);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(result.data() + i * bytes, view.data + rows[i] * bytes, bytes);
  return result;
}

}  // namespace

Estimate SampleScores::mean_loss() const { return estimate_of(loss); }

std::optional<Estimate> SampleScores::accuracy() const {
  if (correct.empty()) return {};
  return estimate_of(correct);
}

SampleScores mean_of_passes(const std::vector<SampleScores>& passes) {
  SampleScores mean = passes.front();
  const auto count = static_cast<double>(passes.size());
  const auto average = [&](std::vector<double> SampleScores::*member) {
    for (std::size_t i = 0; i < (mean.*member).size(); ++i) {
      double sum = 0;
      for (const SampleScores& pass : passes) sum += (pass.*member)[i];
      (mean.*member)[i] = sum / count;
    }
  };
  average(&SampleScores::loss);
  average(&SampleScores::correct);
  return mean;
}

Estimate paired_difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size())
    throw Error{{.where = "paired difference",
                 .expected = std::to_string(a.size()) + " samples",
                 .received = std::to_string(b.size())}};
  std::vector<double> differences(a.size());
  std::ranges::transform(b, a, differences.begin(), std::minus<>());
  return estimate_of(differences);
}

double or_infinite(double value) { return std::isfinite(value) ? value : INFINITY; }

Cost cost_between(const SampleScores& good, const SampleScores& bad) {
  Cost cost{.loss = paired_difference(good.loss, bad.loss)};
  if (!good.correct.empty()) cost.accuracy = paired_difference(good.correct, bad.correct);
  cost.relative_loss = cost.loss.value / std::max(good.mean_loss().value, 1e-12);
  return cost;
}

Cost unpaired_cost(const SampleScores& good, const SampleScores& bad) {
  const auto difference = [](const Estimate& a, const Estimate& b) {
    return Estimate{b.value - a.value, std::hypot(a.error, b.error)};
  };
  Cost cost{.loss = difference(good.mean_loss(), bad.mean_loss())};
  if (!good.correct.empty() && !bad.correct.empty()) cost.accuracy = difference(*good.accuracy(), *bad.accuracy());
  cost.relative_loss = cost.loss.value / std::max(good.mean_loss().value, 1e-12);
  return cost;
}

bool matters(const Cost& cost) {
  return !std::isfinite(cost.loss.value) || (cost.relative_loss >= 0.1 && cost.loss.above_zero_by(3));
}

Scorer::Scorer(Network& network, Targets targets, std::int64_t batch_size)
    : instrument_(network, {.loss = network.options().loss, .targets = targets}), batch_size_(batch_size) {
  if (!network.options().loss) throw Error{{.where = "scores", .expected = "a loss", .received = "none"}};
}

void Scorer::supply(const std::vector<LayerStatistics>& statistics) { instrument_.supply(statistics, batch_size_); }

SampleScores Scorer::score(const Dataset& data, const std::vector<LayerMode>& modes, std::uint64_t step) {
  return score(data, modes, step, nullptr);
}

SampleScores Scorer::score(const Dataset& data, const std::vector<LayerMode>& modes, std::uint64_t step,
                           std::vector<float>* outputs, const std::function<void(std::int64_t)>& after_batch) {
  if (outputs) outputs->clear();
  Network& network = instrument_.network();
  network.check(data, true);
  const AveragedWeights averaged(network);
  StepContext context = network.context(Mode::evaluate, step);
  context.modes = modes;
  SampleScores scores;
  Batches batches(data, {.batch_size = std::min(batch_size_, data.size()), .shuffle = false});
  for (std::int64_t first = 0; first < data.size(); ++context.step) {
    const Batch& batch = batches.next();
    Network::Runner& runner = instrument_.runner(batch.size);
    network.run(runner, batch, context);
    const auto append = [](TensorView from, auto& to) {
      to.insert(to.end(), from.as<float>().begin(), from.as<float>().end());
    };
    append(runner.read(runner.compiled.loss), scores.loss);
    if (!runner.compiled.correct.empty()) append(runner.read(runner.compiled.correct), scores.correct);
    if (outputs) append(runner.read(runner.compiled.outputs), *outputs);
    first += batch.size;
    if (after_batch) after_batch(batch.size);
  }
  return scores;
}

SampleScores shuffled_scores(const Dataset& data, std::uint64_t seed,
                             const std::function<SampleScores(const Dataset&)>& score) {
  const std::vector<std::uint32_t> order = epoch_order(data.size(), seed, 0);
  const SampleScores shuffled = score(selected(data, order, data.name()));
  SampleScores scores = shuffled;
  for (std::size_t i = 0; i < order.size(); ++i) {
    scores.loss[order[i]] = shuffled.loss[i];
    if (!shuffled.correct.empty()) scores.correct[order[i]] = shuffled.correct[i];
  }
  return scores;
}

std::vector<LayerMode> uniform_modes(const Network& network, Statistics statistics, bool dropout) {
  return modes_of(network.model(), {.statistics = statistics, .update_statistics = false, .dropout = dropout});
}

bool is_of_one_class(const Dataset& data) {
  if (!data.has_labels()) return false;
  const auto labels = data.y().as<std::int32_t>();
  return std::ranges::all_of(labels, [&](std::int32_t label) { return label == labels[0]; });
}

Dataset selected(const Dataset& data, const std::vector<std::uint32_t>& rows, const std::string& name) {
  Dataset::Parts parts{.name = name, .x = data.gathered_x(rows), .y = {}, .class_names = data.class_names()};
  parts.input_names = data.input_names();
  for (std::size_t i = 1; i < data.inputs(); ++i) parts.more.push_back(gathered(data.input(i), rows));
  if (data.has_targets()) parts.y = gathered(data.y(), rows);
  return Dataset(std::move(parts));
}

Dataset sample_of(const Dataset& data, std::int64_t samples) {
  const bool all = samples <= 0 || samples >= data.size();
  if (all && !data.is_streamed()) return data;
  std::vector<std::uint32_t> rows = epoch_order(data.size(), kSampleSeed, 0);
  rows.resize(static_cast<std::size_t>(all ? data.size() : samples));
  std::ranges::sort(rows);
  return selected(data, rows, data.name());
}

}  // namespace evenkeel
