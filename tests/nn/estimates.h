#pragma once

#include <cmath>
#include <vector>

namespace evenkeel {

/// Mean, variance and the errors of both.
struct Estimates {
  explicit Estimates(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    double fourth = 0;
    for (const double v : values) mean += v / n;
    for (const double v : values) variance += (v - mean) * (v - mean) / n;
    for (const double v : values) fourth += std::pow(v - mean, 4) / n;
    mean_error = std::sqrt(variance / n);
    variance_error = std::sqrt((fourth - variance * variance) / n);
  }
  double mean = 0, variance = 0, mean_error = 0, variance_error = 0;
};

}  // namespace evenkeel
