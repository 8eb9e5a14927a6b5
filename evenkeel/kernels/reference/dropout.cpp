#include "evenkeel/kernels/reference/dropout.h"

#include "evenkeel/kernels/dropout.h"

namespace evenkeel::kernels::reference {

template <class T>
void dropout(std::span<const T> x, double rate, const RandomKey& key, std::span<T> y) {
  const std::uint32_t threshold = dropout_threshold(static_cast<float>(rate));
  RandomStream stream(key);
  for (std::size_t i = 0; i < x.size(); ++i)
    y[i] = stream.bits() >= threshold ? static_cast<T>(double{x[i]} / (1 - rate)) : T{0};
}

template void dropout(std::span<const float>, double, const RandomKey&, std::span<float>);
template void dropout(std::span<const double>, double, const RandomKey&, std::span<double>);

}  // namespace evenkeel::kernels::reference
