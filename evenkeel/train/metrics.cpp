#include "evenkeel/train/metrics.h"

namespace evenkeel {

void MetricSums::add(std::span<const float> losses, std::span<const float> correct) {
  for (float loss : losses) loss_ += static_cast<double>(loss);
  for (float c : correct) correct_ += static_cast<double>(c);
  samples_ += static_cast<std::int64_t>(losses.size());
  has_accuracy_ = has_accuracy_ || !correct.empty();
}

Metrics MetricSums::mean() const {
  const double n = samples_ > 0 ? static_cast<double>(samples_) : 1.0;
  Metrics metrics{.loss = loss_ / n, .accuracy = {}, .samples = samples_};
  if (has_accuracy_) metrics.accuracy = correct_ / n;
  return metrics;
}

}  // namespace evenkeel
