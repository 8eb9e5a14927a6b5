#pragma once

#include <cstdint>
#include <string>

#include "evenkeel/train/callbacks/monitor.h"

namespace evenkeel {

struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;         ///< in (0, 1); the rate is multiplied by it
  std::int64_t patience = 10;  ///< epochs without improvement that are allowed
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;  ///< epochs after a reduction that are not counted
  double min_lr = 0;

  static void describe(Fields<ReduceLROnPlateauOptions>&);  ///< by the keys of [training]
};

/// Lowers the learning rate when a figure no longer improves, by the rules of Keras's ReduceLROnPlateau
/// (https://keras.io/api/callbacks/reduce_lr_on_plateau).
class ReduceLROnPlateau {
 public:
  using Options = ReduceLROnPlateauOptions;
  static constexpr std::string_view kName = "reduce_lr_on_plateau";
  static constexpr std::string_view kSetting = "reduce_lr_patience";  ///< callbacks.h

  explicit ReduceLROnPlateau(ReduceLROnPlateauOptions options = {});
  void on_begin(const FitBegin& begin);
  void on_epoch(const EpochRecord& record, Trainer& trainer);
  CallbackState save() const;
  void load(const CallbackState& state);

 private:
  ReduceLROnPlateauOptions options_;
  Monitor monitor_;
  std::int64_t wait_ = 0, cooldown_ = 0;
};

}  // namespace evenkeel
