#include "evenkeel/kernels/resize/resample_reference.h"

namespace evenkeel::kernels::reference {

template <class T>
void resample(const Resampling& map, std::span<const T> x, std::span<T> y) {
  std::size_t at = 0;
  for (std::int64_t image = 0; image < map.n; ++image)
    for (std::int64_t i = 0; i < map.rows.outputs(); ++i)
      for (std::int64_t j = 0; j < map.columns.outputs(); ++j)
        for (std::int64_t c = 0; c < map.c; ++c, ++at) {
          double sum = 0;
          for (const Taps::Tap& row : map.rows.of(i))
            for (const Taps::Tap& column : map.columns.of(j)) {
              const std::int64_t pixel = (image * map.rows.inputs() + row.from) * map.columns.inputs() + column.from;
              sum += row.weight * column.weight * double{x[static_cast<std::size_t>(pixel * map.c + c)]};
            }
          y[at] = static_cast<T>(sum);
        }
}

template void resample(const Resampling&, std::span<const float>, std::span<float>);
template void resample(const Resampling&, std::span<const double>, std::span<double>);

}  // namespace evenkeel::kernels::reference
