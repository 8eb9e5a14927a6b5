#include "evenkeel/kernels/noise/uout_reference.h"

namespace evenkeel::kernels::reference {

template <class T>
void uout(std::span<const T> x, double beta, const RandomKey& key, std::span<T> y, std::int64_t first) {
  RandomStream stream(key);
  for (std::int64_t i = 0; i < first; ++i) stream.bits();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double r = beta * 0x1p-31 * static_cast<std::int32_t>(stream.bits());
    y[i] = static_cast<T>(double{x[i]} * (1 + r));
  }
}

template void uout(std::span<const float>, double, const RandomKey&, std::span<float>, std::int64_t);
template void uout(std::span<const double>, double, const RandomKey&, std::span<double>, std::int64_t);

}  // namespace evenkeel::kernels::reference
