#include "evenkeel/train/trainer.h"

#include <algorithm>
#include <chrono>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

using Clock = std::chrono::steady_clock;

NetworkOptions network_options(const TrainerOptions& options) {
  return {.loss = options.loss,
          .optimizer = options.optimizer,
          .class_weight = options.class_weight,
          .seed = options.seed,
          .threads = options.threads,
          .fuse = options.fuse,
          .probes = options.probes};
}

/// Times training alone: speed is shown and recorded, never a result.
class Stopwatch {
 public:
  void start() { begin_ = Clock::now(); }
  void stop() { seconds_ += std::chrono::duration<double>(Clock::now() - begin_).count(); }
  double take() { return std::exchange(seconds_, 0.0); }

 private:
  Clock::time_point begin_;
  double seconds_ = 0;
};

Targets targets_of(const Batch& batch) {
  return batch.labels.bytes() > 0 ? Targets::labels : batch.targets.bytes() > 0 ? Targets::values : Targets::none;
}

void add_batch(MetricSums& sums, const Network::Runner& runner) {
  const std::string& correct = runner.compiled.correct;
  sums.add(runner.read(runner.compiled.loss).as<float>(),
           correct.empty() ? std::span<const float>() : runner.read(correct).as<float>());
}

Metrics metrics_of(const Network::Runner& runner) {
  MetricSums sums;
  add_batch(sums, runner);
  return sums.mean();
}

/// Tells the callbacks and keeps the records of one fit.
class FitLog {
 public:
  FitLog(const FitOptions& options, const FitBegin& begin) : options_(options) {
    for (const Callback& c : options_.callbacks) c.on_begin(begin);
  }

  void step(std::uint64_t step, const Network::Runner& runner) {
    add_batch(sums_, runner);
    ++in_epoch_;
    if (options_.callbacks.empty()) return;
    const StepEnd event{.step = step,
                        .epoch = epoch_,
                        .step_in_epoch = in_epoch_,
                        .batch = metrics_of(runner),
                        .epoch_so_far = sums_.mean()};
    for (const Callback& c : options_.callbacks) c.on_step(event);
  }

  void epoch(std::uint64_t step, double learning_rate, double seconds, std::optional<Metrics> validation) {
    EpochRecord record{.epoch = epoch_++, .step = step, .train = sums_.mean(), .validation = validation,
                       .learning_rate = learning_rate, .seconds = seconds, .images_per_s = 0};
    record.images_per_s = static_cast<double>(record.train.samples) / std::max(seconds, 1e-9);
    history_.epochs.push_back(record);
    sums_.reset();
    in_epoch_ = 0;
    for (const Callback& c : options_.callbacks) c.on_epoch(record);
  }

  History end(bool stopped) {
    history_.stopped = stopped;
    for (const Callback& c : options_.callbacks) c.on_end(history_);
    return history_;
  }

 private:
  const FitOptions& options_;
  History history_;
  MetricSums sums_;
  std::int64_t epoch_ = 1, in_epoch_ = 0;
};

}  // namespace

Trainer::Trainer(const Model& model, TrainerOptions options)
    : options_(std::move(options)),
      network_(model, network_options(options_)),
      train_context_(network_.context(Mode::train)),
      evaluate_context_(network_.context(Mode::evaluate)) {
  check(options_.optimizer);
  check(options_.schedule);
  if (options_.batch_size < 1)
    throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(options_.batch_size)}};
}

const Network::Runner& Trainer::update(const Batch& batch) {
  Network::Runner& runner = network_.runner(batch.size, targets_of(batch), true);
  train_context_.step = steps_done_;
  train_context_.learning_rate =
      learning_rate_at(options_.schedule, learning_rate_of(options_.optimizer), steps_done_, total_steps_);
  network_.run(runner, batch, train_context_);
  ++steps_done_;
  return runner;
}

Metrics Trainer::step(const Batch& batch) { return metrics_of(update(batch)); }

Metrics Trainer::evaluate_batch(const Batch& batch) {
  Network::Runner& runner = network_.runner(batch.size, targets_of(batch), false);
  const AveragedWeights averaged(network_);
  network_.run(runner, batch, evaluate_context_);
  return metrics_of(runner);
}

History Trainer::fit(const Dataset& data, const FitOptions& options) {
  network_.check(data, true);
  if (options.validation) network_.check(*options.validation, true);
  if (options.epochs < 0 || options.steps.value_or(0) < 0)
    throw Error{{.where = "fit", .expected = "0 or more epochs or steps", .received = "a negative number"}};
  Batches batches(data, {.batch_size = options_.batch_size,
                         .shuffle = options.shuffle,
                         .seed = options_.seed,
                         .across_epochs = options.steps.has_value()});
  const std::int64_t per_epoch = std::max<std::int64_t>(1, batches.per_epoch());
  const std::int64_t steps = options.steps.value_or(options.epochs * per_epoch);
  total_steps_ = steps_done_ + static_cast<std::uint64_t>(steps);
  FitLog log(options, {.first_step = steps_done_,
                       .total_steps = steps,
                       .steps_per_epoch = per_epoch,
                       .epochs = (steps + per_epoch - 1) / per_epoch,
                       .batch_size = options_.batch_size});
  Stopwatch watch;
  bool stopped = false;
  for (std::int64_t i = 0; i < steps && !stopped; ++i) {
    watch.start();
    const Batch& batch = batches.next();
    const Network::Runner& runner = update(batch);
    watch.stop();
    stopped = options.stop.stop_requested();
    log.step(steps_done_, runner);
    if (!batch.last_of_epoch && i + 1 < steps && !stopped) continue;
    std::optional<Metrics> validation;
    if (options.validation && !stopped) validation = evaluate(*options.validation).metrics;
    log.epoch(steps_done_, train_context_.learning_rate, watch.take(), validation);
  }
  return log.end(stopped);
}

}  // namespace evenkeel
