#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace evenkeel {

/// Means over samples.
struct Metrics {
  double loss = 0;
  std::optional<double> accuracy = {};  ///< absent for mse
  std::int64_t samples = 0;
};

/// Sums per-sample values, so that a mean over an epoch is exact whatever the sizes of its batches.
struct MetricSums {
  double loss = 0, correct = 0;
  std::int64_t samples = 0;
  bool has_accuracy = false;

  /// `is_correct` may be empty (no accuracy).
  void add(std::span<const float> losses, std::span<const float> is_correct);
  Metrics mean() const;
  bool operator==(const MetricSums&) const = default;
};

}  // namespace evenkeel
