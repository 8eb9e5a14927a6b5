#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "evenkeel/train/callbacks/monitor.h"

namespace evenkeel {

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;
  std::int64_t patience = 0;  ///< epochs without improvement that are allowed
  std::optional<double> baseline = {};
  bool restore_best_weights = false;
  std::int64_t start_from_epoch = 0;  ///< so many epochs at the beginning are ignored

  static void describe(Fields<EarlyStoppingOptions>&);  ///< by the keys of [training]
};

/// Ends training when a figure no longer improves, by the rules of Keras's EarlyStopping
/// (https://keras.io/api/callbacks/early_stopping). With `restore_best_weights` the network ends with the weights of
/// its best epoch, even if training was not stopped early.
class EarlyStopping {
 public:
  using Options = EarlyStoppingOptions;
  static constexpr std::string_view kName = "early_stopping";
  static constexpr std::string_view kSetting = "early_stopping";  ///< callbacks.h

  explicit EarlyStopping(EarlyStoppingOptions options = {});
  void on_begin(const FitBegin& begin, Trainer& trainer);
  void on_epoch(const EpochRecord& record, Trainer& trainer);
  void on_end(History& history, Trainer& trainer);
  CallbackState save() const;
  void load(const CallbackState& state);

  std::int64_t best_epoch() const { return best_epoch_; }  ///< from 1; 0 before the first

 private:
  void keep_weights(Trainer& trainer, std::int64_t epoch);

  EarlyStoppingOptions options_;
  Monitor monitor_;
  std::int64_t wait_ = 0, best_epoch_ = 0;
  std::map<std::string, Tensor> best_weights_;
};

}  // namespace evenkeel
