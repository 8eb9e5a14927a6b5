#include "evenkeel/kernels/probe/extremes_reference.h"

#include <cmath>

namespace evenkeel::kernels::reference {

template <class T>
void accumulate_extremes(Matrix<const T> x, double count, std::span<double> smallest, std::span<double> largest) {
  for (std::int64_t c = 0; c < x.columns; ++c)
    for (std::int64_t i = 0; i < x.rows; ++i) {
      const double v{x.row(i)[c]};
      const bool first = count == 0 && i == 0;
      if (first || v < smallest[c] || std::isnan(v)) smallest[c] = v;
      if (first || v > largest[c] || std::isnan(v)) largest[c] = v;
    }
}

template void accumulate_extremes(Matrix<const float>, double, std::span<double>, std::span<double>);
template void accumulate_extremes(Matrix<const double>, double, std::span<double>, std::span<double>);

}  // namespace evenkeel::kernels::reference
