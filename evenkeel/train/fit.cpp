#include "evenkeel/train/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/distributed/messages.h"
#include "evenkeel/formats/crc32c.h"

namespace evenkeel {
namespace {

using Clock = std::chrono::steady_clock;

void add_batch(MetricSums& sums, const Network::Runner& runner) {
  const std::string& correct = runner.compiled.correct;
  sums.add(runner.read(runner.compiled.loss).as<float>(),
           correct.empty() ? std::span<const float>() : runner.read(correct).as<float>());
}

void add(MetricSums& sums, const MetricSums& more) {
  sums.loss += more.loss;
  sums.correct += more.correct;
  sums.samples += more.samples;
  sums.has_accuracy = sums.has_accuracy || more.has_accuracy;
}

/// The stateful callbacks with unique names: a second one of a kind is "early_stopping-2".
std::vector<std::pair<std::string, Callback>> named(const std::vector<Callback>& callbacks) {
  std::vector<std::pair<std::string, Callback>> result;
  std::map<std::string, int> count;
  for (const Callback& callback : callbacks) {
    const std::string name = callback.name();
    if (name.empty()) continue;
    const int n = ++count[name];
    result.emplace_back(n == 1 ? name : fmt::format("{}-{}", name, n), callback);
  }
  return result;
}

}  // namespace

Metrics metrics_of(const Network::Runner& runner) {
  MetricSums sums;
  add_batch(sums, runner);
  return sums.mean();
}

void check_identity(const std::map<std::string, std::string>& now, const std::map<std::string, std::string>& then) {
  for (const auto& [key, value] : now) {
    const auto found = then.find(key);
    const std::string before = found == then.end() ? "nothing" : found->second;
    if (before == value) continue;
    const bool long_text = before.size() + value.size() > 200;
    throw Error{{.where = "checkpoint",
                 .expected = long_text ? "the same " + key + " as before" : fmt::format("{} {} as before", key, before),
                 .received = long_text ? "another one" : value,
                 .hint = "A run continues with the model, data and settings it began with."}};
  }
}

std::int64_t total_steps(const FitOptions& options, std::int64_t per_epoch) {
  const std::int64_t factor = options.steps ? 1 : per_epoch, count = options.steps.value_or(options.epochs);
  if (count > limits::kSteps / factor)
    throw Error{{.where = "fit",
                 .expected = fmt::format("at most {} steps", limits::kSteps),
                 .received = fmt::format("{} {}", count, options.steps ? "steps" : "epochs")}};
  return count * factor;
}

Fit::Fit(Trainer& trainer, const Dataset& data, const FitOptions& options)
    : trainer_(trainer), data_(data), options_(options) {
  trainer.check(data, options);
  for (const Callback& c : options.callbacks)
    if (c.wants_gradients()) watchers_.push_back(c);
  progress_.first_step = trainer_.steps_done_;
  trainer_.fit_ = this;
}

void Fit::go_on_from(const Checkpoint& checkpoint) {
  check_identity(identity(), checkpoint.identity);
  progress_ = checkpoint.progress;
  check_position();
  for (const auto& [name, callback] : named(options_.callbacks))
    if (const auto found = checkpoint.callbacks.find(name); found != checkpoint.callbacks.end())
      callback.load(found->second);
}

/// Steps and position say the same in two ways. A record where they differ is not one of this run.
void Fit::check_position() const {
  const std::int64_t size = data_.size(), batch = trainer_.options_.batch_size, steps = progress_.steps;
  const std::int64_t per_epoch = (size + batch - 1) / batch;
  BatchPosition position{.epoch = steps / per_epoch, .offset = steps % per_epoch * batch};
  if (options_.steps)  // a batch is filled up from the next epoch
    position = {.epoch = steps / size * batch + steps % size * batch / size, .offset = steps % size * batch % size};
  const auto& [epoch, offset] = progress_.position;
  if (epoch != position.epoch || offset != position.offset || progress_.step_in_epoch != offset / batch ||
      std::ssize(progress_.history.epochs) != epoch)
    throw Error{{.where = "checkpoint",
                 .expected = fmt::format("epoch {}, sample {} of the data after {} steps", position.epoch,
                                         position.offset, steps),
                 .received = fmt::format("epoch {}, sample {}, step {} of the epoch, and {} epochs' figures", epoch,
                                         offset, progress_.step_in_epoch, progress_.history.epochs.size()),
                 .hint = "The checkpoint was changed; remove it to continue from the one before."}};
}

void Fit::begin() {
  const FitBegin event{.first_step = trainer_.steps_done_,
                       .done_steps = progress_.steps,
                       .total_steps = total_steps(),
                       .steps_per_epoch = per_epoch_,
                       .epochs = (total_steps() + per_epoch_ - 1) / per_epoch_,
                       .batch_size = trainer_.options_.batch_size,
                       .data = &data_,
                       .validation = options_.validation,
                       .history = &progress_.history};
  for (const Callback& c : options_.callbacks) c.on_begin(event, trainer_);
}

bool Fit::step(const Batch& batch) {
  const auto start = Clock::now();
  last_rate_ = trainer_.learning_rate();
  const Network::Runner* runner = trainer_.update(batch, watchers_);
  if (!runner) return false;
  // Time is only shown and recorded; no result depends on it.
  progress_.epoch_seconds += std::chrono::duration<double>(Clock::now() - start).count();
  Metrics of_batch;
  if (trainer_.options_.spreading.among) {
    const MetricSums sums = sums_of(*runner, batch);
    add(progress_.epoch_sums, sums);
    of_batch = sums.mean();
  } else {  // sample by sample, so that a run has the bits that it always had
    add_batch(progress_.epoch_sums, *runner);
    of_batch = metrics_of(*runner);
  }
  progress_.position = batch.after;
  ++progress_.steps;
  ++progress_.step_in_epoch;
  if (options_.callbacks.empty()) return true;
  const StepEnd event{.step = trainer_.steps_done_,
                      .epoch = static_cast<std::int64_t>(progress_.history.epochs.size()) + 1,
                      .step_in_epoch = progress_.step_in_epoch,
                      .batch = of_batch,
                      .epoch_so_far = progress_.epoch_sums.mean(),
                      .learning_rate = last_rate_,
                      .data = &batch};
  for (const Callback& c : options_.callbacks) c.on_step(event, trainer_);
  return true;
}

MetricSums Fit::sums_of(const Network::Runner& runner, const Batch& batch) {
  MetricSums sums;
  add_batch(sums, runner);
  if (batch.size == 0) sums = {.has_accuracy = sums.has_accuracy};  // the sample does not count
  double all[] = {sums.loss, sums.correct, static_cast<double>(sums.samples),
                  options_.stop.stop_requested() ? 1.0 : 0.0};
  trainer_.options_.spreading.among->sum(std::span<double>(all));
  stop_asked_ = all[3] > 0;
  return {.loss = all[0],
          .correct = all[1],
          .samples = static_cast<std::int64_t>(all[2]),
          .has_accuracy = sums.has_accuracy};
}

void Fit::check_same_weights() const {
  Communicator* among = trainer_.options_.spreading.among;
  if (!among) return;
  Block& parameters = trainer_.network_.store().parameters;
  const auto bytes = static_cast<std::size_t>(parameters.layout().bytes);
  const double own = formats::crc32c({parameters.data(), bytes});
  double first = own;
  among->broadcast(std::as_writable_bytes(std::span(&first, 1)));
  if (!any(*among, first != own)) return;
  throw Error{{.kind = Error::environment,
               .where = among->name(),
               .expected = "the same weights in all processes after an epoch",
               .received = first == own ? "others elsewhere" : "others than those of process 0",
               .hint = "Do their processors round otherwise? EVENKEEL_ISA and --threads make them compute alike."}};
}

EpochRecord Fit::record(bool validate) const {
  EpochRecord record{.epoch = static_cast<std::int64_t>(progress_.history.epochs.size()) + 1,
                     .step = trainer_.steps_done_,
                     .train = progress_.epoch_sums.mean(),
                     .validation = {},
                     .learning_rate = last_rate_,
                     .seconds = progress_.epoch_seconds,
                     .images_per_s = 0};
  record.images_per_s = static_cast<double>(record.train.samples) / std::max(record.seconds, 1e-9);
  if (validate && options_.validation) {
    trainer_.share_moving_statistics();
    EvaluateOptions options = trainer_.evaluate_options();
    options.among = trainer_.options_.spreading.among;
    record.validation = evaluate(trainer_.network_, *options_.validation, options).metrics;
  }
  return record;
}

void Fit::end_epoch() {
  check_same_weights();
  const EpochRecord done = record(true);
  progress_.history.epochs.push_back(done);
  progress_.epoch_sums = {};
  progress_.step_in_epoch = 0;
  progress_.epoch_seconds = 0;
  for (const Callback& c : options_.callbacks) c.on_epoch(done, trainer_);
}

void Fit::settle(bool end_of_epoch, bool last) {
  settling_ = true;
  const Settled event{.step = trainer_.steps_done_, .end_of_epoch = end_of_epoch, .last = last};
  for (const Callback& c : options_.callbacks) c.on_settled(event, trainer_);
  settling_ = false;
}

void Fit::stop(std::string reason, bool failed) {
  if (!progress_.ending) progress_.ending = {.reason = std::move(reason), .failed = false, .of_steps = total_steps()};
  progress_.ending->failed |= failed;
}

History Fit::run() {
  if (trainer_.restored_) go_on_from(*trainer_.restored_);
  Batches batches(data_,
                  {.batch_size = trainer_.options_.batch_size,
                   .shuffle = options_.shuffle,
                   .seed = trainer_.options_.seed,
                   .across_epochs = options_.steps.has_value(),
                   .rank = trainer_.options_.spreading.rank(),
                   .processes = trainer_.options_.spreading.size(),
                   .unit = trainer_.unit(),
                   .augmentation = trainer_.options_.augmentation},
                  progress_.position);
  per_epoch_ = std::max<std::int64_t>(1, batches.per_epoch());
  if (progress_.steps > total_steps())
    throw Error{{.where = "fit",
                 .expected = fmt::format("at least the {} steps that the run has made already", progress_.steps),
                 .received = std::to_string(total_steps()),
                 .hint = "A resumed run cannot end earlier."}};
  trainer_.total_steps_ = progress_.first_step + static_cast<std::uint64_t>(total_steps());
  // What ended the run ends it again, unless more steps are asked for now.
  if (progress_.ending && progress_.ending->of_steps != total_steps()) progress_.ending.reset();
  begin();
  // No error from here on, because the restored checkpoint is used up.
  trainer_.restored_.reset();
  bool interrupted = false;
  while (!is_over() && !interrupted) {
    const auto start = Clock::now();
    const Batch& batch = batches.next();
    progress_.epoch_seconds += std::chrono::duration<double>(Clock::now() - start).count();
    if (!step(batch)) break;
    if (batch.last_of_epoch) end_epoch();
    interrupted = trainer_.options_.spreading.among ? stop_asked_ : options_.stop.stop_requested();
    settle(batch.last_of_epoch, is_over() || interrupted);
  }
  return end(interrupted && !is_over());
}

History Fit::end(bool interrupted) {
  History history = progress_.history;
  history.stopped = interrupted;
  if (progress_.ending) {
    history.reason = progress_.ending->reason;
    history.failed = progress_.ending->failed;
  }
  // A partial epoch is only shown. A run that is resumed, or made longer, reports the whole one.
  if (progress_.step_in_epoch > 0) {
    EpochRecord part = record(!history.stopped && !history.failed);
    part.is_whole = false;
    history.epochs.push_back(part);
    for (const Callback& c : options_.callbacks) c.on_partial_epoch(part, trainer_);
  }
  for (const Callback& c : options_.callbacks) c.on_end(history, trainer_);
  return history;
}

const std::map<std::string, std::string>& Fit::identity() const {
  if (identity_.empty()) identity_ = trainer_.identity(data_, options_);
  return identity_;
}

std::map<std::string, CallbackState> Fit::callback_states() const {
  std::map<std::string, CallbackState> states;
  for (const auto& [name, callback] : named(options_.callbacks)) states.emplace(name, callback.save());
  return states;
}

}  // namespace evenkeel
