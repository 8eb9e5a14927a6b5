#include "evenkeel/train/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/distributed/messages.h"
#include "evenkeel/nn/normalizations.h"

namespace evenkeel {
namespace {

StepContext context_of(const Network& network, const EvaluateOptions& options) {
  StepContext context = network.context(options.mode);
  for (LayerMode& mode : context.modes) mode.update_statistics = false;
  if (!options.layer_modes.empty()) {
    if (options.layer_modes.size() != context.modes.size())
      throw Error{{.where = "layer modes",
                   .expected = std::to_string(context.modes.size()) + ", one per layer",
                   .received = std::to_string(options.layer_modes.size())}};
    context.modes = options.layer_modes;
  }
  return context;
}

/// Whether a sample's result depends on the others in its batch. Then a smaller last batch needs a program of its size;
/// otherwise the full one is used, and rows after the data are ignored.
bool samples_interact(const Model& model, const StepContext& context) {
  return !normalized_by_batch(model).empty() || std::ranges::any_of(context.modes, [](const LayerMode& mode) {
    return mode.statistics == Statistics::batch || mode.update_statistics;
  });
}

/// Whether all layers are in evaluation mode, and nobody watches them.
bool is_plain(const Network& network, const StepContext& context) {
  return network.options().probes.empty() && std::ranges::all_of(context.modes, [](const LayerMode& mode) {
           return mode == LayerMode::of(Mode::evaluate);
         });
}

/// Whole batches of the data set, by number.
struct Stretch {
  std::int64_t first = 0, last = -1;  ///< -1: to the end
};

/// What a process evaluates of so many batches.
Stretch stretch_of(const Communicator& among, std::int64_t batches) {
  return {.first = batches * among.rank() / among.size(), .last = batches * (among.rank() + 1) / among.size()};
}

/// Runs the batches in order; done(runner, batch, first sample).
void for_each_batch(Network& network, const Dataset& whole, const EvaluateOptions& options, Targets targets,
                    const std::function<void(Network::Runner&, const Batch&, std::int64_t)>& done,
                    const Stretch& stretch = {}) {
  if (options.batch_size < 1)
    throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(options.batch_size)}};
  const std::int64_t batch_size = std::min(options.batch_size, whole.size());
  const std::int64_t begin = stretch.first * batch_size;
  const std::int64_t end = stretch.last < 0 ? whole.size() : std::min(whole.size(), stretch.last * batch_size);
  if (begin >= end) return;
  const Dataset data = stretch.last < 0 ? whole : whole.range(begin, end);
  StepContext context = context_of(network, options);
  context.step += static_cast<std::uint64_t>(stretch.first);
  const AveragedWeights averaged(network);
  // A probe must not count rows that are not samples.
  const bool exact = samples_interact(network.model(), context) || !network.options().probes.empty();
  const auto use = is_plain(network, context) ? Network::Use::evaluation : Network::Use::any_mode;
  const Network::Runner* last = nullptr;
  const std::int64_t room = std::min(batch_size, data.size());
  Batches batches(data, {.batch_size = room, .shuffle = false});
  for (std::int64_t first = 0; first < data.size(); ++context.step) {
    const Batch& batch = batches.next();
    Network::Runner& runner = network.runner(exact ? batch.size : room, targets, use);
    // Weights do not change between the batches.
    network.run(runner, batch, context, last == &runner ? runner.executor->after_constants() : Segment{});
    last = &runner;
    done(runner, batch, first);
    first += batch.size;
    if (options.progress) options.progress(first, data.size());
  }
}

std::span<const float> first_rows(TensorView values, std::int64_t n) { return values.rows(0, n).as<float>(); }

/// The first largest score; with one score, whether it is above the threshold. NaN is no prediction.
std::int32_t class_of(std::span<const float> scores, float threshold) {
  if (std::ranges::any_of(scores, [](float score) { return std::isnan(score); })) return kNoClass;
  if (scores.size() == 1) return scores[0] > threshold;
  return static_cast<std::int32_t>(std::ranges::max_element(scores) - scores.begin());
}

/// Counts the predicted classes for each label.
class Counts {
 public:
  explicit Counts(std::int64_t classes)
      : samples_(static_cast<std::size_t>(classes)), confusion_({classes, classes}, DType::int64) {}

  void add(std::span<const std::int32_t> labels, std::span<const float> correct, std::span<const float> scores) {
    const std::size_t k = scores.size() / labels.size();
    const auto classes = static_cast<std::size_t>(confusion_.shape()[0]);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      // Saturated scores can be equal although the logits, which `correct` compares, differ.
      const std::int32_t predicted = correct[i] > 0 ? labels[i] : class_of(scores.subspan(i * k, k), 0.5f);
      const auto label = static_cast<std::size_t>(labels[i]);
      ++samples_[label];
      if (predicted != kNoClass) ++confusion_.as<std::int64_t>()[label * classes + static_cast<std::size_t>(predicted)];
    }
  }

  void add_up(Communicator& among) {
    const auto counts = confusion_.as<std::int64_t>();
    std::vector<double> all(samples_.begin(), samples_.end());
    all.insert(all.end(), counts.begin(), counts.end());
    among.sum(all);
    const auto k = static_cast<std::ptrdiff_t>(samples_.size());
    const auto whole = [](double number) { return static_cast<std::int64_t>(number); };
    std::transform(all.begin(), all.begin() + k, samples_.begin(), whole);
    std::transform(all.begin() + k, all.end(), counts.begin(), whole);
  }

  void finish(Evaluation& result) {
    const std::size_t k = samples_.size();
    for (std::size_t i = 0; i < k; ++i) {
      Evaluation::Class c{.samples = samples_[i]};
      const std::int64_t right = confusion_.as<std::int64_t>()[i * k + i];
      if (c.samples > 0) c.accuracy = static_cast<double>(right) / static_cast<double>(c.samples);
      result.per_class.push_back(c);
    }
    result.confusion = std::move(confusion_);
  }

 private:
  std::vector<std::int64_t> samples_;  ///< by label
  Tensor confusion_;
};

MetricSums added_up(Communicator& among, const MetricSums& sums) {
  double all[] = {sums.loss, sums.correct, static_cast<double>(sums.samples), sums.has_accuracy ? 1.0 : 0.0};
  among.sum(std::span<double>(all));
  return {.loss = all[0], .correct = all[1], .samples = static_cast<std::int64_t>(all[2]), .has_accuracy = all[3] > 0};
}

}  // namespace

Evaluation evaluate(Network& network, const Dataset& data, const EvaluateOptions& options) {
  if (!network.options().loss) throw Error{{.where = "evaluate", .expected = "a loss", .received = "none"}};
  network.check(data, true);
  const Targets targets = Network::targets_of(data);
  MetricSums sums;
  // Without labels nothing is counted.
  Counts counts(targets != Targets::labels ? 0 : network.outputs() == 1 ? 2 : network.outputs());
  Evaluation result;
  bool has_classes = false;
  const std::int64_t size = std::max<std::int64_t>(1, std::min(options.batch_size, data.size()));
  const Stretch own = options.among ? stretch_of(*options.among, (data.size() + size - 1) / size) : Stretch();
  const auto count = [&](Network::Runner& runner, const Batch& batch, std::int64_t) {
    const auto losses = first_rows(runner.read(runner.compiled.loss), batch.size);
    if (runner.compiled.correct.empty()) return sums.add(losses, {});
    const auto correct = first_rows(runner.read(runner.compiled.correct), batch.size);
    sums.add(losses, correct);
    has_classes = targets == Targets::labels;
    if (has_classes)
      counts.add(batch.labels.as<std::int32_t>().first(static_cast<std::size_t>(batch.size)), correct,
                 first_rows(runner.read(runner.compiled.scores), batch.size));
  };
  for_each_batch(network, data, options, targets, count, own);
  if (options.among) {
    has_classes = any(*options.among, has_classes);
    sums = added_up(*options.among, sums);
    if (has_classes) counts.add_up(*options.among);
  }
  if (has_classes) counts.finish(result);
  result.metrics = sums.mean();
  return result;
}

Predictions predict(Network& network, const Dataset& data, const EvaluateOptions& options) {
  network.check(data, false);
  Predictions result;
  const std::vector<int> outputs = network.model().outputs();
  for (std::size_t i = 1; i < outputs.size(); ++i)
    result.others.emplace_back(network.model().name_of(outputs[i]), Tensor());
  for_each_batch(
      network, data, options, Targets::none, [&](Network::Runner& runner, const Batch& batch, std::int64_t first) {
        const auto copy_rows = [&](const std::string& value, Tensor& to) {
          const TensorView from = runner.read(value);
          if (first == 0) to = Tensor(from.shape.with(0, data.size()), DType::float32);
          std::ranges::copy(first_rows(from, batch.size), to.as<float>().begin() + first * to.shape().row_size());
        };
        const CompiledModel& compiled = runner.compiled;
        copy_rows(compiled.outputs, result.outputs);
        copy_rows(compiled.scores.empty() ? compiled.outputs : compiled.scores, result.scores);
        for (std::size_t i = 0; i < result.others.size(); ++i)
          copy_rows(compiled.all_outputs[i + 1], result.others[i].second);
      });
  // Of each position, where there are several.
  const Shape& shape = result.scores.shape();
  result.classes = Tensor(shape.rank() == 2 ? Shape{data.size()} : Shape(shape.sizes().first(shape.sizes().size() - 1)),
                          DType::int32);
  const std::int64_t k = shape.back();
  const float threshold = network.options().loss ? 0.5f : 0.0f;
  for (std::int64_t i = 0; i < result.classes.shape().size(); ++i)
    result.classes.as<std::int32_t>()[static_cast<std::size_t>(i)] = class_of(
        result.scores.as<float>().subspan(static_cast<std::size_t>(i * k), static_cast<std::size_t>(k)), threshold);
  return result;
}

}  // namespace evenkeel
