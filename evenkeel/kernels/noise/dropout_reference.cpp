#include "evenkeel/kernels/noise/dropout_reference.h"

#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::kernels::reference {
namespace {

/// The stream from its element `first` on.
RandomStream stream_from(const RandomKey& key, std::int64_t first) {
  RandomStream stream(key);
  for (std::int64_t i = 0; i < first; ++i) stream.bits();
  return stream;
}

}  // namespace

template <class T>
void dropout(std::span<const T> x, double rate, const RandomKey& key, std::span<T> y, std::int64_t first) {
  const std::uint32_t threshold = dropout_threshold(static_cast<float>(rate));
  RandomStream stream = stream_from(key, first);
  for (std::size_t i = 0; i < x.size(); ++i)
    y[i] = stream.bits() >= threshold ? static_cast<T>(double{x[i]} / (1 - rate)) : T{0};
}

template <class T>
void spatial_dropout(Matrix<const T> x, std::int64_t positions, double rate, const RandomKey& key, Matrix<T> y,
                     std::int64_t first) {
  const std::uint32_t threshold = dropout_threshold(static_cast<float>(rate));
  RandomStream stream = stream_from(key, first);
  for (std::int64_t sample = 0; sample < x.rows; sample += positions)
    for (std::int64_t c = 0; c < x.columns; ++c) {
      const bool kept = stream.bits() >= threshold;
      for (std::int64_t i = sample; i < sample + positions; ++i)
        y.row(i)[c] = kept ? static_cast<T>(double{x.row(i)[c]} / (1 - rate)) : T{0};
    }
}

template <class T>
void shared_dropout(std::span<const T> x, const Shape& shape, const Shape& mask, double rate, const RandomKey& key,
                    std::span<T> y, std::int64_t first) {
  const std::uint32_t threshold = dropout_threshold(static_cast<float>(rate));
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::int64_t place = first, rest = static_cast<std::int64_t>(i), step = 1;  // in the mask
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (mask[axis] > 1) place += rest % shape[axis] * step;
      rest /= shape[axis];
      step *= mask[axis];
    }
    const auto words = philox4x32(key.counter(static_cast<std::uint32_t>(place / 4)), key.key());
    const bool kept = words[static_cast<std::size_t>(place % 4)] >= threshold;
    y[i] = kept ? static_cast<T>(static_cast<Precise<T>>(x[i] / (1 - rate))) : T{};
  }
}

template <class T>
void gaussian_dropout(std::span<const T> x, double deviation, const RandomKey& key, std::span<T> y,
                      std::int64_t first) {
  RandomStream stream(key);
  for (std::int64_t i = 0; i < first; ++i) stream.normal();
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<T>(double{x[i]} * (1 + deviation * stream.normal()));
}

template <class T>
void affine_dropout(std::span<const T> x, double rate, const KeptAndDropped& outcome, const RandomKey& key,
                    std::span<T> y, std::int64_t first) {
  const std::uint32_t threshold = dropout_threshold(static_cast<float>(rate));
  RandomStream stream = stream_from(key, first);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double kept = double{outcome.scale} * double{x[i]} + double{outcome.offset};
    y[i] = static_cast<T>(stream.bits() >= threshold ? kept : double{outcome.dropped});
  }
}

#define INSTANTIATE(T)                                                                                             \
  template void dropout(std::span<const T>, double, const RandomKey&, std::span<T>, std::int64_t);                 \
  template void spatial_dropout(Matrix<const T>, std::int64_t, double, const RandomKey&, Matrix<T>, std::int64_t); \
  template void gaussian_dropout(std::span<const T>, double, const RandomKey&, std::span<T>, std::int64_t);        \
  template void affine_dropout(std::span<const T>, double, const KeptAndDropped&, const RandomKey&, std::span<T>,  \
                               std::int64_t);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE
#define INSTANTIATE(T)                                                                                                 \
  template void shared_dropout(std::span<const T>, const Shape&, const Shape&, double, const RandomKey&, std::span<T>, \
                               std::int64_t);
INSTANTIATE(float)
INSTANTIATE(bfloat16)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
