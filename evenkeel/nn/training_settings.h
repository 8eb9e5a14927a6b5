#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/nn/fields.h"

namespace evenkeel {

/// The optional [training] table of a model file: how this network is meant to be trained. The command line overrides
/// it; what neither says has the trainer's and the optimizer's defaults.
struct TrainingSettings {
  std::optional<std::string> loss = {};       ///< Keras's name (losses.h)
  std::optional<std::string> optimizer = {};  ///< "sgd" or "adam"
  std::optional<double> learning_rate = {};
  std::optional<double> momentum = {};  ///< sgd
  std::optional<bool> nesterov = {};    ///< sgd
  std::optional<double> beta_1 = {};    ///< adam
  std::optional<double> beta_2 = {};    ///< adam
  std::optional<double> epsilon = {};   ///< adam
  std::optional<std::int64_t> batch_size = {};
  std::optional<std::int64_t> epochs = {};
  std::optional<std::int64_t> steps = {};  ///< in place of epochs
  std::optional<std::int64_t> seed = {};
  // Augmentation (data/augmentation.h); all off by default.
  std::optional<bool> flip = {};
  std::optional<std::int64_t> crop_padding = {};
  std::optional<std::int64_t> cutout = {};

  static void describe(Fields<TrainingSettings>&);
  bool operator==(const TrainingSettings&) const = default;
};

}  // namespace evenkeel
