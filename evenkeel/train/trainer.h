#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "evenkeel/train/callback.h"
#include "evenkeel/train/checkpoint.h"
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
  std::uint64_t seed = 0;                ///< of the initial weights, dropout masks and the order of the data
  Augmentation augmentation = {};        ///< of the images that `fit` trains on
  std::vector<std::string> probes = {};  ///< values whose moments are accumulated (read_moments)
  ComputeOptions compute = {};

  /// What neither the loss, the optimizer, the schedule nor the augmentation describes.
  static void describe(Fields<TrainerOptions>&);
};

struct FitOptions {
  std::int64_t epochs = 1;                 ///< each ends with a smaller batch where the sizes do not divide
  std::optional<std::int64_t> steps = {};  ///< instead of epochs: so many full batches, across the ends of epochs
  bool shuffle = true;
  const Dataset* validation = nullptr;  ///< evaluated after each epoch, and at the end
  std::vector<Callback> callbacks = {};
  std::stop_token stop = {};  ///< interrupts the run after the step under way

  /// The length.
  static void describe(Fields<FitOptions>&);
};

/// Trains a model: `fit`, `evaluate`, `predict`, as in Keras. The same seed, data and thread count give bit-identical
/// weights, interrupted and restored or not.
class Trainer {
 public:
  explicit Trainer(const Model& model, TrainerOptions options = {});

  /// Throws Error as check() does. After restore() it goes on where the checkpoint's fit was, and throws Error unless
  /// data and options are the same; only `epochs` and `steps` may have grown.
  History fit(const Dataset& data, const FitOptions& options = {});

  /// Makes the program that trains on full batches of such data and takes its memory, as the first step would. Throws
  /// Error with the bytes needed and available where they do not fit.
  void prepare(const Dataset& data);

  /// What fit() would refuse. Throws Error where data, targets and model do not fit, the batch is larger than the set,
  /// or the schedule needs a longer run.
  void check(const Dataset& data, const FitOptions& options = {}) const;

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

  /// Of the next update.
  double learning_rate() const;
  /// From the next update on. A schedule keeps its shape: all of its further rates are scaled alike.
  void set_learning_rate(double rate);

  // For callbacks.
  /// Ends the fit under way, before the update where the gradients are not used yet, else after the step and what
  /// belongs to it. `failed`: training broke down.
  void stop(std::string reason, bool failed = false);
  /// The run as it is now. Only while a fit settles (Callback::on_settled); throws Error elsewhere.
  Checkpoint checkpoint() const;
  /// Whether the loss and all gradients of the batch whose gradients are ready are finite.
  bool gradients_are_finite(const Batch& batch);
  /// Says which value, of which line and layer, is the first that is not finite in the batch's training step, without
  /// changing anything that is trained; empty where all are finite.
  std::string first_non_finite(const Batch& batch);

  /// Puts weights, optimizer and position of a checkpoint in place; the next fit goes on from there. Throws Error where
  /// the checkpoint is of another model, optimizer, ...; then nothing has changed.
  void restore(Checkpoint checkpoint);

 private:
  friend class Fit;

  EvaluateOptions evaluate_options() const { return {.batch_size = options_.batch_size}; }
  double scheduled_rate() const;  ///< of the next update, as no callback has changed it
  Network::Runner& training_runner(const Batch& batch);
  /// One update; the runner holds the batch's losses. Between gradients and update come the callbacks that ask for it;
  /// null where one of them stops the fit.
  const Network::Runner* update(const Batch& batch, const std::vector<Callback>& watchers = {});
  std::map<std::string, std::string> identity() const;

  TrainerOptions options_;
  Network network_;
  std::uint64_t steps_done_ = 0;
  double learning_rate_scale_ = 1;
  std::uint64_t total_steps_ = 0;  ///< at the end of the fit under way; 0: not known
  StepContext train_context_, evaluate_context_;
  class Fit* fit_ = nullptr;              ///< the one under way
  std::optional<Checkpoint> restored_{};  ///< what the next fit goes on from; its tensors are in place
};

}  // namespace evenkeel
