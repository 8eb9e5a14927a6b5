#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "evenkeel/train/metrics.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

struct EvaluateOptions {
  std::int64_t batch_size = 32;             ///< a smaller data set is one batch
  Mode mode = Mode::evaluate;               ///< train: batch statistics and dropout, moving statistics unchanged
  std::vector<LayerMode> layer_modes = {};  ///< by layer index; overrides `mode`
  std::function<void(std::int64_t done, std::int64_t of)> progress = {};  ///< called after each batch, in samples
};

struct Evaluation {
  struct Class {
    std::int64_t samples = 0;
    double accuracy = 0;  ///< 0 without samples
  };
  Metrics metrics;
  std::vector<Class> per_class;  ///< by label; empty where targets are no labels or there is no accuracy
  /// int64 [K, K]: how many samples of label i were taken for class j; empty where per_class is.
  Tensor confusion;
};

/// Loss, accuracy and accuracy per class over all samples, in the order of the data; the last batch may be smaller.
Evaluation evaluate(Network& network, const Dataset& data, const EvaluateOptions& options = {});

struct Predictions {
  Tensor outputs;  ///< [N, K], what the last layer yields
  Tensor scores;   ///< [N, K], softmax or sigmoid of it, by the loss
  Tensor classes;  ///< int32 [N]: the first largest score; with K = 1, score > 0.5 as 0 or 1
};

/// Targets, if any, are not looked at.
Predictions predict(Network& network, const Dataset& data, const EvaluateOptions& options = {});

}  // namespace evenkeel
