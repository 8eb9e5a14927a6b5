#include "evenkeel/kernels/elementwise/combine_reference.h"

#include <cmath>
#include <utility>

#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::kernels::reference {
namespace {

double combined(Combination how, double a, double b) {
  switch (how) {
    case Combination::sum: return a + b;
    case Combination::difference: return a - b;
    case Combination::product: return a * b;
    case Combination::maximum: return std::isnan(a) || a >= b ? a : b;
    case Combination::minimum: return std::isnan(a) || a <= b ? a : b;
    case Combination::slope: return a > 0 ? a : a * b;
  }
  return a;
}

/// The derivatives by a and b.
struct Slopes {
  double a = 0, b = 0;
};

Slopes slopes(Combination how, double a, double b) {
  switch (how) {
    case Combination::sum: return {1, 1};
    case Combination::difference: return {1, -1};
    case Combination::product: return {b, a};
    case Combination::maximum: return a >= b ? Slopes{1, 0} : Slopes{0, 1};
    case Combination::minimum: return a <= b ? Slopes{1, 0} : Slopes{0, 1};
    case Combination::slope: return a > 0 ? Slopes{1, 0} : Slopes{b, a};
  }
  return {};
}

/// Calls body(small, large) for the places of each small element and each of its repetitions, and end(small) after
/// them.
template <class Body, class End>
void for_each_repetition(const Repetition& over, Body body, End end) {
  for (std::int64_t o = 0; o < over.outer; ++o)
    for (std::int64_t i = 0; i < over.inner; ++i) {
      const auto small = static_cast<std::size_t>(o * over.inner + i);
      for (std::int64_t m = 0; m < over.middle; ++m)
        body(small, static_cast<std::size_t>((o * over.middle + m) * over.inner + i));
      end(small);
    }
}

void nothing(std::size_t) {}

double as_double(double x) { return x; }

template <class T>
T rounded(double x) {
  return static_cast<T>(static_cast<Precise<T>>(x));
}

}  // namespace

template <class T>
void combine(Combination how, const Repetition& over, std::span<const T> a, std::span<const T> b, std::span<T> y) {
  const auto at = [&](std::size_t small, std::size_t large) {
    y[large] = rounded<T>(combined(how, as_double(a[large]), as_double(b[small])));
  };
  for_each_repetition(over, at, nothing);
}

template <class T>
void combine_gradient(Combination how, const Repetition& over, std::span<const T> a, std::span<const T> b,
                      std::span<const T> dy, std::span<T> da, std::span<T> db) {
  double sum = 0;
  const auto at = [&](std::size_t small, std::size_t large) {
    const double dy_at = as_double(dy[large]);
    const Slopes by = slopes(how, as_double(a[large]), as_double(b[small]));
    da[large] = rounded<T>(dy_at * by.a);
    sum += dy_at * by.b;
  };
  for_each_repetition(over, at, [&](std::size_t small) { db[small] = rounded<T>(std::exchange(sum, 0)); });
}

template <class T>
void repeat(const Repetition& over, std::span<const T> x, std::span<T> y) {
  for_each_repetition(
      over, [&](std::size_t small, std::size_t large) { y[large] = x[small]; }, nothing);
}

template <class T>
void repeat_gradient(const Repetition& over, std::span<const T> dy, std::span<T> dx) {
  double sum = 0;
  for_each_repetition(
      over, [&](std::size_t, std::size_t large) { sum += as_double(dy[large]); },
      [&](std::size_t small) { dx[small] = rounded<T>(std::exchange(sum, 0)); });
}

#define INSTANTIATE(T)                                                                                         \
  template void combine(Combination, const Repetition&, std::span<const T>, std::span<const T>, std::span<T>); \
  template void combine_gradient(Combination, const Repetition&, std::span<const T>, std::span<const T>,       \
                                 std::span<const T>, std::span<T>, std::span<T>);                              \
  template void repeat(const Repetition&, std::span<const T>, std::span<T>);                                   \
  template void repeat_gradient(const Repetition&, std::span<const T>, std::span<T>);
INSTANTIATE(float)
INSTANTIATE(bfloat16)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
