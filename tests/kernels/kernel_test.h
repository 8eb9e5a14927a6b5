#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/simd/dispatch.h"

// What the tests of the vector kernels share.

namespace evenkeel::kernels {

/// Runs each test once for every instruction set that this machine has and the kernels are compiled for.
class EveryTarget : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { chosen_target().Update(GetParam()); }
  void TearDown() override { chosen_target().Update(targets_here()); }
};

inline std::vector<std::int64_t> targets_of_this_machine() {
  std::vector<std::int64_t> each;
  for (std::int64_t left = targets_here(); left != 0; left &= left - 1) each.push_back(left & -left);
  return each;
}

#define EVENKEEL_ON_EVERY_TARGET(Suite)                                             \
  INSTANTIATE_TEST_SUITE_P(On, Suite, testing::ValuesIn(targets_of_this_machine()), \
                           [](const auto& target) { return std::string(hwy::TargetName(target.param)); })

struct Size {
  std::int64_t rows, columns;
};
inline void PrintTo(const Size& size, std::ostream* os) { *os << "[" << size.rows << ", " << size.columns << "]"; }

/// Few and many columns that do and do not fit the vector; from less than one vector to more than one thread's share.
inline std::vector<Size> sizes() {
  std::vector<Size> all{{64, 7260}};
  for (const std::int64_t rows : {1, 2, 63, 1000})
    for (const std::int64_t columns : {1, 3, 4, 5, 16, 17, 30, 76, 100}) all.push_back({rows, columns});
  return all;
}

/// Calls body(threads) for 1, 2 and 3 threads.
template <class Body>
void for_threads(Body body) {
  for (const int count : {1, 2, 3}) {
    SCOPED_TRACE(std::to_string(count) + " threads");
    body(Threads(count));
  }
}

/// Calls body(size, threads) for each size and 1, 2 and 3 threads.
template <class Body>
void for_sizes_and_threads(Body body) {
  for (const Size& size : sizes()) {
    SCOPED_TRACE(testing::PrintToString(size));
    for_threads([&](const Threads& threads) { body(size, threads); });
  }
}

/// n normal numbers, others for each `index`; they repeat after some 65,000, which saves most of the tests' time.
inline std::vector<float> normal_values(std::int64_t n, std::uint32_t index = 0, double mean = 0, double sigma = 1) {
  RandomStream stream({.seed = 7, .purpose = Purpose::study, .index = index});
  constexpr std::size_t kDistinct = 65521;
  std::vector<float> values(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = i < kDistinct ? static_cast<float>(mean + sigma * stream.normal()) : values[i - kDistinct];
  return values;
}

inline std::vector<double> in_double(std::span<const float> values) { return {values.begin(), values.end()}; }

template <class T>
Matrix<const T> matrix_of(const std::vector<T>& values, Size size) {
  return {values.data(), size.rows, size.columns};
}
template <class T>
Matrix<T> matrix_of(std::vector<T>& values, Size size) {
  return {values.data(), size.rows, size.columns};
}

struct Tolerance {
  double relative = 0;
  double absolute = 0;
};

/// Every activation that is monotone, and the others.
inline constexpr Activation kMonotone[] = {Activation::linear,
                                           Activation::relu,
                                           Activation::elu,
                                           Activation::sigmoid,
                                           Activation::tanh,
                                           Activation::leaky_relu,
                                           Activation::selu,
                                           Activation::relu6,
                                           Activation::softplus,
                                           Activation::softsign,
                                           Activation::hard_sigmoid,
                                           {Activation::Kind::elu, 0.5},
                                           {Activation::Kind::leaky_relu, 0.01},
                                           {Activation::Kind::clip, -0.5, 0.25}};
inline constexpr Activation kGated[] = {Activation::gelu, Activation::gelu_tanh, Activation::silu, Activation::mish,
                                        Activation::hard_swish};

/// Whether each element differs by no more than absolute + relative * |expected|; NaN agrees with NaN.
inline testing::AssertionResult agrees(std::span<const float> actual, std::span<const double> expected,
                                       Tolerance tolerance) {
  if (actual.size() != expected.size()) return testing::AssertionFailure() << "sizes differ";
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double allowed = tolerance.absolute + tolerance.relative * std::abs(expected[i]);
    const bool same = std::isnan(expected[i])
                          ? std::isnan(actual[i])
                          : double{actual[i]} == expected[i] || std::abs(double{actual[i]} - expected[i]) <= allowed;
    if (!same)
      return testing::AssertionFailure() << "element " << i << " is " << actual[i] << ", not " << expected[i]
                                         << " to within " << allowed;
  }
  return testing::AssertionSuccess();
}

/// One rounding of a float32 result.
inline constexpr double kRounding = 0x1p-24;

}  // namespace evenkeel::kernels
