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
class MetricSums {
 public:
  /// `correct` may be empty (no accuracy).
  void add(std::span<const float> losses, std::span<const float> correct);
  void reset() { *this = {}; }
  Metrics mean() const;

 private:
  double loss_ = 0, correct_ = 0;
  std::int64_t samples_ = 0;
  bool has_accuracy_ = false;
};

}  // namespace evenkeel
