#include "evenkeel/diagnose/measure/outputs.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "evenkeel/diagnose/measure/assignment.h"

namespace evenkeel {
namespace {

constexpr std::size_t kRowsToOrder = 256;  ///< samples that decide which column is which

}  // namespace

OutputMatrix OutputMatrix::first(std::size_t rows) const {
  const std::size_t count = std::min(rows * columns, values.size());
  return {{values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count)}, columns};
}

OutputMatrix output_matrix(TensorView view) {
  const auto from = view.as<float>();
  return {{from.begin(), from.end()}, static_cast<std::size_t>(view.shape.back())};
}

double relative_difference(const OutputMatrix& a, const OutputMatrix& expected) {
  double apart = 0, norm = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    apart += (a.values[i] - expected.values[i]) * (a.values[i] - expected.values[i]);
    norm += expected.values[i] * expected.values[i];
  }
  return std::sqrt(apart / std::max(norm, 1e-30));
}

OutputMatrix logits_of(OutputMatrix scores, bool sigmoid) {
  for (double& s : scores.values) s = std::log(std::max(s, 1e-30)) - (sigmoid ? std::log(std::max(1 - s, 1e-30)) : 0);
  return scores;
}

OutputMatrix centred(OutputMatrix m) {
  for (std::size_t row = 0; row < m.rows(); ++row) {
    const auto values = std::span(m.values).subspan(row * m.columns, m.columns);
    double mean = 0;
    for (const double v : values) mean += v / static_cast<double>(m.columns);
    for (double& v : values) v -= mean;
  }
  return m;
}

std::vector<std::int64_t> best_order(const OutputMatrix& a, const OutputMatrix& expected) {
  const std::size_t k = a.columns, rows = std::min(a.rows(), kRowsToOrder);
  std::vector<double> costs(k * k);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j) {
        const double apart = expected.at(row, i) - a.at(row, j);
        costs[i * k + j] += apart * apart;
      }
  return cheapest_assignment(costs, static_cast<std::int64_t>(k));
}

OutputMatrix reordered(const OutputMatrix& a, const std::vector<std::int64_t>& order) {
  OutputMatrix result = a;
  for (std::size_t row = 0; row < a.rows(); ++row)
    for (std::size_t i = 0; i < a.columns; ++i)
      result.values[row * a.columns + i] = a.at(row, static_cast<std::size_t>(order[i]));
  return result;
}

Residuals residuals(const OutputMatrix& quiet, const OutputMatrix& other) {
  const auto rows = static_cast<double>(quiet.rows());
  double all = 0, of_means = 0, of_slopes = 0;
  for (std::size_t column = 0; column < quiet.columns; ++column) {
    double mean = 0, middle = 0, along = 0, spread = 0;
    for (std::size_t row = 0; row < quiet.rows(); ++row) {
      mean += (other.at(row, column) - quiet.at(row, column)) / rows;
      middle += quiet.at(row, column) / rows;
    }
    for (std::size_t row = 0; row < quiet.rows(); ++row) {
      const double residual = other.at(row, column) - quiet.at(row, column), z = quiet.at(row, column) - middle;
      all += residual * residual;
      along += residual * z;
      spread += z * z;
    }
    of_means += rows * mean * mean;
    of_slopes += spread > 0 ? along * along / spread : 0;
  }
  all = std::max(all, 1e-30);
  return {.size = relative_difference(quiet, other), .bias = of_means / all, .slope = of_slopes / all};
}

}  // namespace evenkeel
