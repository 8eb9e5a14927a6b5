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
  std::vector<double> class_weight = {};   ///< by class: factor of a sample's loss in training; empty: all 1
  std::vector<double> loss_weights = {};   ///< by output: factor of its loss in training; empty: only the main output's
  std::int64_t batch_size = 32;
  std::uint64_t seed = 0;                ///< for the initial weights, dropout masks and the order of the data
  Augmentation augmentation = {};        ///< of the images that `fit` trains on
  std::vector<std::string> probes = {};  ///< values whose moments are accumulated (read_moments)
  /// With several processes: each calls the same functions with the same data, and trains on its part of every batch.
  /// All compute what one would with the whole batches, within rounding. Callbacks get the figures of all processes;
  /// those that write files belong to the first one alone.
  Spreading spreading = {};
  ComputeOptions compute = {};

  /// Describes what neither the loss, the optimizer, the schedule nor the augmentation describes.
  static void describe(Fields<TrainerOptions>&);
};

struct FitOptions {
  std::int64_t epochs = 1;                 ///< the last batch of each may be smaller
  std::optional<std::int64_t> steps = {};  ///< instead of epochs: so many full batches, across the ends of epochs
  bool shuffle = true;
  const Dataset* validation = nullptr;  ///< evaluated after each epoch, and at the end
  std::vector<Callback> callbacks = {};
  std::stop_token stop = {};  ///< interrupts the run after the current step

  /// Describes the length of a run.
  static void describe(Fields<FitOptions>&);
};

/// Trains a model: `fit`, `evaluate`, `predict`, as in Keras. The same seed, data and thread count give bit-identical
/// weights, also after an interruption and restore().
class Trainer {
 public:
  explicit Trainer(const Model& model, TrainerOptions options = {});

  /// Trains on the data. After restore() it continues the checkpoint's fit, and throws Error unless data and options
  /// are the same; only `epochs` and `steps` may be larger. Throws Error as check() does.
  History fit(const Dataset& data, const FitOptions& options = {});

  /// Compiles the program that trains on full batches of such data and takes its memory, as the first step would.
  /// Throws Error, with the bytes needed and available, if there is not enough memory.
  void prepare(const Dataset& data);

  /// Checks what fit() needs: throws Error if data, targets and model do not fit together, the batch is larger than the
  /// set, or the schedule needs a longer run.
  void check(const Dataset& data, const FitOptions& options = {}) const;

  /// Makes one update from one batch. Returns the batch's metrics in training, before the update.
  Metrics step(const Batch& batch);

  Evaluation evaluate(const Dataset& data) { return evenkeel::evaluate(network_, data, evaluate_options()); }
  Predictions predict(const Dataset& data) { return evenkeel::predict(network_, data, evaluate_options()); }
  /// Loss and accuracy of one batch in evaluation mode.
  Metrics evaluate_batch(const Batch& batch);

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  const TrainerOptions& options() const { return options_; }
  std::uint64_t steps_done() const { return steps_done_; }

  /// The learning rate of the next update.
  double learning_rate() const;
  /// Sets the learning rate from the next update on. A schedule keeps its shape: all its later rates are scaled by the
  /// same factor.
  void set_learning_rate(double rate);

  // For callbacks.
  /// Ends the current fit: in on_gradients before the update, else after the step and its callbacks. `failed`: training
  /// failed (NaN).
  void stop(std::string reason, bool failed = false);
  /// The present state of the run. May be called only in Callback::on_settled; throws Error elsewhere.
  Checkpoint checkpoint() const;
  /// Throws Error, with `where`, unless these are exactly the network's weights: by name, shape and type.
  void check_weights(const std::map<std::string, Tensor>& weights, const std::string& where) const;
  /// Whether the loss and all gradients of the batch are finite. For on_gradients.
  bool gradients_are_finite(const Batch& batch);
  /// Describes the first value that is not finite in the batch's training step, with its line and layer, without
  /// changing anything that is trained; empty if all are finite.
  std::string first_non_finite(const Batch& batch);

  /// Throws Error, which names the first difference, unless the checkpoint is of such a fit of this trainer.
  void check(const Checkpoint& checkpoint, const Dataset& data, const FitOptions& options = {}) const;
  /// Restores weights, optimizer and position from a checkpoint; the next fit continues from there. Throws Error if the
  /// checkpoint belongs to another model, optimizer, ...; then nothing has changed.
  void restore(Checkpoint checkpoint);

  /// Begins with an optimizer's state that another program left after so many steps: its slots under the names of a
  /// checkpoint ("adam/m"). Returns false, and changes nothing, if they are not the slots of this optimizer and model.
  bool set_optimizer_state(const NamedTensors& slots, std::uint64_t steps);

 private:
  friend class Fit;

  EvaluateOptions evaluate_options() const { return {.batch_size = options_.batch_size}; }
  std::int64_t unit() const;  ///< samples of a batch that share statistics, and so a process
  BatchPart part_of(std::int64_t batch_size) const;
  /// With local statistics: all processes get the moving ones of the first.
  void share_moving_statistics();
  double scheduled_rate() const;  ///< of the next update, without the changes of callbacks
  Network::Runner& training_runner(const Batch& batch);
  /// Makes one update; the runner holds the batch's losses. The callbacks that want the gradients are called before the
  /// update; null if one of them stops the fit.
  const Network::Runner* update(const Batch& batch, const std::vector<Callback>& watchers = {});
  std::map<std::string, std::string> identity() const;
  std::map<std::string, std::string> identity(const Dataset& data, const FitOptions& options) const;

  TrainerOptions options_;
  Network network_;
  std::uint64_t steps_done_ = 0;
  double learning_rate_scale_ = 1;
  std::uint64_t total_steps_ = 0;  ///< updates at the end of the current fit; 0: not known
  StepContext train_context_, evaluate_context_;
  class Fit* fit_ = nullptr;              ///< the current fit, if any
  std::optional<Checkpoint> restored_{};  ///< the next fit continues from it; its tensors are already restored
};

}  // namespace evenkeel
