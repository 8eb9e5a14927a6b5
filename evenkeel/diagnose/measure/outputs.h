#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/tensor/tensor.h"

// A network's outputs for many samples, compared with those of another program.

namespace evenkeel {

/// [rows, columns], in double.
struct OutputMatrix {
  std::vector<double> values;
  std::size_t columns = 1;

  std::size_t rows() const { return values.size() / columns; }
  double at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
  OutputMatrix first(std::size_t rows) const;
};
/// From float32 [N, K].
OutputMatrix output_matrix(TensorView view);

/// The norm of the difference, divided by that of the expected outputs.
double relative_difference(const OutputMatrix& a, const OutputMatrix& expected);

/// Logits from scores: of a sigmoid, or of a softmax up to a constant in each row.
OutputMatrix logits_of(OutputMatrix scores, bool sigmoid);
/// The same without the mean of each row.
OutputMatrix centred(OutputMatrix m);

/// The order of the columns of `a` that fits the expected ones best: [0] is the column expected first.
std::vector<std::int64_t> best_order(const OutputMatrix& a, const OutputMatrix& expected);
OutputMatrix reordered(const OutputMatrix& a, const std::vector<std::int64_t>& order);

/// How the expected outputs, or outputs with noise on, differ from the quiet ones.
struct Residuals {
  double size = 0;   ///< relative_difference
  double bias = 0;   ///< part of the squared difference that is the mean of its columns
  double slope = 0;  ///< part of the squared difference that the quiet outputs explain, column by column
};
Residuals residuals(const OutputMatrix& quiet, const OutputMatrix& other);

}  // namespace evenkeel
