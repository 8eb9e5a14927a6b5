#include "evenkeel/train/metrics.h"

#include <cmath>
#include <limits>

namespace evenkeel {

void MetricSums::add(std::span<const float> losses, std::span<const float> is_correct) {
  for (float l : losses) loss += static_cast<double>(l);
  for (float c : is_correct) correct += static_cast<double>(c);
  samples += static_cast<std::int64_t>(losses.size());
  has_accuracy = has_accuracy || !is_correct.empty();
}

Metrics MetricSums::mean() const {
  const double n = samples > 0 ? static_cast<double>(samples) : 1.0;
  Metrics metrics{.loss = loss / n, .accuracy = {}, .samples = samples};
  // The sign of a NaN depends on the kernels that it passed through.
  if (std::isnan(loss)) metrics.loss = std::numeric_limits<double>::quiet_NaN();
  if (has_accuracy) metrics.accuracy = correct / n;
  return metrics;
}

}  // namespace evenkeel
