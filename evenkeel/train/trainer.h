#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "evenkeel/train/callback.h"
#include "evenkeel/train/evaluate.h"
#include "evenkeel/train/history.h"
#include "evenkeel/train/schedules.h"

namespace evenkeel {

struct TrainerOptions {
  Loss loss = SoftmaxCrossEntropy{};
  Optimizer optimizer = Adam{};
  Schedule schedule = ConstantSchedule{};  ///< of the optimizer's learning rate over the steps of a fit
  std::vector<double> class_weight = {};   ///< by class: of a sample's loss in training; empty: all weigh 1
  std::int64_t batch_size = 32;
  std::uint64_t seed = 0;  ///< of first weights, dropout masks and the order of the data
  int threads = 0;         ///< 0: all cores
  bool fuse = true;
  std::vector<std::string> probes = {};  ///< values whose moments are accumulated (read_moments)
};

struct FitOptions {
  std::int64_t epochs = 1;                  ///< each ends with a smaller batch where the sizes do not divide
  std::optional<std::int64_t> steps = {};   ///< instead of epochs: so many full batches, across the ends of epochs
  bool shuffle = true;
  const Dataset* validation = nullptr;      ///< evaluated after each epoch, and at the end
  std::vector<Callback> callbacks = {};
  std::stop_token stop = {};                ///< ends the run after the step under way
};

/// Trains a model: `fit`, `evaluate`, `predict`, as in Keras. The same seed, data and thread count give bit-identical
/// weights.
class Trainer {
 public:
  explicit Trainer(const Model& model, TrainerOptions options = {});

  /// Throws Error where data, targets and model do not fit, the batch is larger than the set, ...
  History fit(const Dataset& data, const FitOptions& options = {});

  /// One update from one batch. Returns the batch's metrics as training saw them, before the update.
  Metrics step(const Batch& batch);

  Evaluation evaluate(const Dataset& data) { return evenkeel::evaluate(network_, data, evaluate_options()); }
  Predictions predict(const Dataset& data) { return evenkeel::predict(network_, data, evaluate_options()); }
  /// Loss and accuracy of one batch in evaluation mode.
  Metrics evaluate_batch(const Batch& batch);

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  const TrainerOptions& options() const { return options_; }
  std::uint64_t steps_done() const { return steps_done_; }

 private:
  EvaluateOptions evaluate_options() const { return {.batch_size = options_.batch_size}; }
  /// One update; the runner holds the batch's losses.
  const Network::Runner& update(const Batch& batch);

  TrainerOptions options_;
  Network network_;
  std::uint64_t steps_done_ = 0;
  std::uint64_t total_steps_ = 0;  ///< at the end of the fit under way; 0: not known
  StepContext train_context_, evaluate_context_;
};

}  // namespace evenkeel
