#include "evenkeel/kernels/probe/moments_reference.h"

namespace evenkeel::kernels::reference {

template <class T>
void accumulate_moments(Matrix<const T> x, double count, std::span<double> mean, std::span<double> m2) {
  const auto rows = static_cast<double>(x.rows);
  for (std::int64_t c = 0; c < x.columns; ++c) {
    double sum = 0;
    for (std::int64_t i = 0; i < x.rows; ++i) sum += double{x.row(i)[c]};
    const double mean_here = sum / rows;
    double m2_here = 0;
    for (std::int64_t i = 0; i < x.rows; ++i) {
      const double deviation = double{x.row(i)[c]} - mean_here;
      m2_here += deviation * deviation;
    }
    const double apart = count == 0 ? 0 : mean_here - mean[c];
    mean[c] = mean_here - apart * count / (count + rows);
    m2[c] = m2_here + (count == 0 ? 0 : m2[c] + apart * apart * count * rows / (count + rows));
  }
}

template void accumulate_moments(Matrix<const float>, double, std::span<double>, std::span<double>);
template void accumulate_moments(Matrix<const double>, double, std::span<double>, std::span<double>);

}  // namespace evenkeel::kernels::reference
