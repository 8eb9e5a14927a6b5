#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/config/fields.h"

namespace evenkeel {

/// The optional [training] table of a model file: how this network is meant to be trained. The command line overrides
/// it; what neither says has the trainer's and the optimizer's defaults.
struct TrainingSettings {
  std::optional<std::string> loss = {};       ///< Keras's name (losses.h)
  std::optional<std::string> optimizer = {};  ///< "sgd", "adam" or "adamw"
  std::optional<double> learning_rate = {};
  std::optional<double> momentum = {};  ///< sgd
  std::optional<bool> nesterov = {};    ///< sgd
  std::optional<double> beta_1 = {};    ///< adam
  std::optional<double> beta_2 = {};    ///< adam
  std::optional<double> epsilon = {};   ///< adam
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> ema_momentum = {};
  std::optional<std::string> schedule = {};  ///< "constant", "step", "cosine" or "one_cycle"
  std::optional<std::int64_t> warmup_steps = {};
  std::optional<double> initial_learning_rate = {};
  std::optional<std::int64_t> decay_steps = {};              ///< step, cosine
  std::optional<double> decay_rate = {};                     ///< step
  std::optional<std::vector<std::int64_t>> boundaries = {};  ///< step
  std::optional<double> alpha = {};                          ///< cosine
  std::optional<double> max_learning_rate = {};              ///< one_cycle
  std::optional<double> pct_start = {};                      ///< one_cycle
  std::optional<double> div_factor = {};                     ///< one_cycle
  std::optional<double> final_div_factor = {};               ///< one_cycle
  std::optional<double> label_smoothing = {};                ///< cross-entropies
  std::optional<std::vector<double>> class_weight = {};
  std::optional<std::string> monitor = {};  ///< a figure of the epochs: "val_loss", "accuracy", ...
  std::optional<double> min_delta = {};
  std::optional<std::int64_t> early_stopping = {};  ///< epochs without improvement that are borne
  std::optional<bool> restore_best_weights = {};
  std::optional<bool> save_best = {};
  std::optional<std::int64_t> reduce_lr_patience = {};  ///< epochs without improvement that are borne
  std::optional<double> reduce_lr_factor = {};
  std::optional<double> min_lr = {};
  std::optional<bool> terminate_on_nan = {};
  std::optional<std::int64_t> batch_size = {};
  std::optional<std::int64_t> epochs = {};
  std::optional<std::int64_t> steps = {};  ///< in place of epochs
  std::optional<std::int64_t> seed = {};
  std::optional<Precision> precision = {};  ///< of activations and their gradients
  // Augmentation (data/augmentation.h); all off by default.
  std::optional<bool> flip = {};
  std::optional<std::int64_t> crop_padding = {};
  std::optional<std::int64_t> cutout = {};

  static void describe(Fields<TrainingSettings>&);
  bool operator==(const TrainingSettings&) const = default;
};

}  // namespace evenkeel
