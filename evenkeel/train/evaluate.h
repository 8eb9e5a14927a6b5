#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "evenkeel/train/metrics.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

struct EvaluateOptions {
  std::int64_t batch_size = 32;             ///< larger than the data set: one batch
  Mode mode = Mode::evaluate;               ///< train: batch statistics and dropout, moving statistics unchanged
  std::vector<LayerMode> layer_modes = {};  ///< by layer index; overrides `mode`
  std::function<void(std::int64_t done, std::int64_t of)> progress = {};  ///< called after each batch, in samples
  /// For `evaluate`: the processes that divide the batches between them. All call it, and all get the whole result.
  Communicator* among = nullptr;
};

struct Evaluation {
  struct Class {
    std::int64_t samples = 0;
    double accuracy = 0;  ///< 0 without samples
  };
  Metrics metrics;
  std::vector<Class> per_class;  ///< by label; empty if targets are not labels or there is no accuracy
  /// The confusion matrix, int64 [K, K]: how many samples of label i were predicted as class j; empty if per_class is.
  /// A sample whose scores are NaN has no prediction, and is in no column.
  Tensor confusion;
};

/// Loss, accuracy and accuracy per class over all samples, in the order of the data; the last batch may be smaller.
Evaluation evaluate(Network& network, const Dataset& data, const EvaluateOptions& options = {});

/// The class of a sample whose scores are NaN.
inline constexpr std::int32_t kNoClass = -1;

struct Predictions {
  Tensor outputs;  ///< [N, K] or [N, ..., K], of the model's main output: the last layer, if the model has one output
  Tensor scores;   ///< the same shape: softmax or sigmoid of the outputs, which depends on the loss
  Tensor classes;  ///< int32 [N], or [N, ...] for each position: the first largest score; with K = 1, score > 0.5 as 0
                   ///< or 1; or kNoClass
  /// The model's other outputs [N, ...], by layer.
  std::vector<std::pair<std::string, Tensor>> others = {};
};

/// Targets, if there are any, are ignored.
Predictions predict(Network& network, const Dataset& data, const EvaluateOptions& options = {});

}  // namespace evenkeel
