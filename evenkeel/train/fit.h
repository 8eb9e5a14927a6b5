#pragma once

#include <map>
#include <string>

#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// The metrics of the batch that the runner ran last.
Metrics metrics_of(const Network::Runner& runner);

/// Throws Error, which names the first difference, if a run is not the one of the checkpoint.
void check_identity(const std::map<std::string, std::string>& now, const std::map<std::string, std::string>& then);

/// How many steps a fit makes if an epoch has so many batches. Throws Error if the number overflows.
std::int64_t total_steps(const FitOptions& options, std::int64_t per_epoch);

/// One call of Trainer::fit: the loop, its events and its progress.
class Fit {
 public:
  Fit(Trainer& trainer, const Dataset& data, const FitOptions& options);
  Fit(const Fit&) = delete;
  Fit& operator=(const Fit&) = delete;
  ~Fit() { trainer_.fit_ = nullptr; }

  History run();
  void stop(std::string reason, bool failed);

  // For Trainer::checkpoint().
  const FitProgress& progress() const { return progress_; }
  bool is_settling() const { return settling_; }
  bool is_stopping() const { return progress_.ending.has_value(); }
  const std::map<std::string, std::string>& identity() const;
  std::map<std::string, CallbackState> callback_states() const;

 private:
  void begin();
  void go_on_from(const Checkpoint& checkpoint);
  void check_position() const;
  /// False if a callback stopped the fit before the update.
  bool step(const Batch& batch);
  /// The sums of the batch over all processes; asks them at the same time whether one was told to stop.
  MetricSums sums_of(const Network::Runner& runner, const Batch& batch);
  /// Throws Error unless the processes have the same weights.
  void check_same_weights() const;
  EpochRecord record(bool validate) const;
  void end_epoch();
  void settle(bool end_of_epoch, bool last);
  History end(bool interrupted);
  std::int64_t total_steps() const { return evenkeel::total_steps(options_, per_epoch_); }
  bool is_over() const { return is_stopping() || progress_.steps >= total_steps(); }

  Trainer& trainer_;
  const Dataset& data_;
  const FitOptions& options_;
  std::vector<Callback> watchers_;  ///< callbacks that want the gradients
  FitProgress progress_;
  std::int64_t per_epoch_ = 1;
  double last_rate_ = 0;
  bool settling_ = false;
  bool stop_asked_ = false;                              ///< of any process
  mutable std::map<std::string, std::string> identity_;  ///< computed when it is first needed
};

}  // namespace evenkeel
