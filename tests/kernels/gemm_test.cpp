#include "evenkeel/kernels/matmul/gemm.h"

#include <gtest/gtest.h>

#include "evenkeel/kernels/matmul/gemm_reference.h"
#include "evenkeel/kernels/matmul/row_product.h"
#include "tests/kernels/convolution_cases.h"

namespace evenkeel::kernels {
namespace {

constexpr std::array kTransposes{Transpose::no, Transpose::yes};

std::string describe(Transpose a, Transpose b, std::int64_t m, std::int64_t n, std::int64_t k) {
  return fmt::format("m {} n {} k {} transposed {}{}", m, n, k, a == Transpose::yes ? "a" : "",
                     b == Transpose::yes ? "b" : "");
}

TEST(ReferenceGemm, MultipliesASmallMatrixByHand) {
  const std::vector<double> a{1, 2, 3, 4, 5, 6}, b{1, 0, 2, 1, 0, 3};  // [2, 3] and [3, 2]
  const std::vector<double> product{1 + 4, 2 + 9, 4 + 10, 5 + 18};
  std::vector<double> c(4);
  reference::gemm(Transpose::no, Transpose::no, 2, 2, 3, a.data(), b.data(), c.data());
  EXPECT_EQ(c, product);
}

TEST(ReferenceGemm, ReadsATransposedMatrixByColumns) {
  const std::vector<double> a{1, 4, 2, 5, 3, 6}, b{1, 2, 0, 0, 1, 3};  // the same two, stored transposed
  const std::vector<double> product{1 + 4, 2 + 9, 4 + 10, 5 + 18};
  std::vector<double> c(4);
  reference::gemm(Transpose::yes, Transpose::yes, 2, 2, 3, a.data(), b.data(), c.data());
  EXPECT_EQ(c, product);
}

TEST(Gemm, IsTheReference) {
  for (const auto& [m, n, k] : kProductSizes)
    for (const Transpose transpose_a : kTransposes)
      for (const Transpose transpose_b : kTransposes)
        for (const int count : {1, 2}) {
          const auto a = random_values(m * k, 1), b = random_values(k * n, 2);
          const auto c = Poisoned::floats(m * n);
          gemm(transpose_a, transpose_b, m, n, k, a.data(), b.data(), c.as_floats(), Threads(count));
          std::vector<float> expected(static_cast<std::size_t>(m * n));
          reference::gemm(transpose_a, transpose_b, m, n, k, a.data(), b.data(), expected.data());
          EXPECT_LE(relative_distance(c.copy(), expected), rounding(k)) << describe(transpose_a, transpose_b, m, n, k);
          EXPECT_TRUE(c.fences_stand()) << describe(transpose_a, transpose_b, m, n, k);
        }
}

TEST(RowProduct, IsTheReference) {
  for (const auto& [rows, columns] : std::array<std::pair<std::int64_t, std::int64_t>, 7>{
           {{1, 1}, {0, 5}, {3, 17}, {8, 16}, {1000, 33}, {37, 3001}, {2051, 129}}})
    for (const int count : {1, 2, 3}) {
      const auto x = random_values(rows, 1), b = random_values(rows * columns, 2);
      const auto y = Poisoned::floats(columns);
      row_product(x.data(), {b.data(), rows, columns}, y.as_floats(), Threads(count));
      std::vector<float> expected(static_cast<std::size_t>(columns));
      reference::gemm(Transpose::no, Transpose::no, 1, columns, rows, x.data(), b.data(), expected.data());
      EXPECT_LE(relative_distance(y.copy(), expected), rounding(rows)) << fmt::format("{} x {}", rows, columns);
      EXPECT_TRUE(y.fences_stand()) << fmt::format("{} x {}", rows, columns);
    }
}

TEST(Gemm, OfNoTermsIsZero) {
  const std::vector<float> nothing(1);
  const auto c = Poisoned::floats(6);
  gemm(Transpose::no, Transpose::no, 2, 3, 0, nothing.data(), nothing.data(), c.as_floats(), Threads(1));
  EXPECT_EQ(c.copy(), std::vector<float>(6, 0.0f));
}

TEST(Gemm, CarriesANan) {
  auto a = random_values(4 * 5, 1);
  const auto b = std::vector<float>(5 * 3, 0.0f);
  a[7] = std::numeric_limits<float>::quiet_NaN();  // in row 1
  const auto c = Poisoned::floats(4 * 3);
  gemm(Transpose::no, Transpose::no, 4, 3, 5, a.data(), b.data(), c.as_floats(), Threads(1));
  const auto result = c.copy();
  EXPECT_TRUE(std::isnan(result[3]));
  EXPECT_EQ(result[0], 0.0f);
}

TEST(Gemm, GivesTheSameBitsEveryTime) {
  const auto a = random_values(250 * 512, 1), b = random_values(512 * 10, 2);
  const auto first = Poisoned::floats(2500), second = Poisoned::floats(2500);
  for (const Poisoned* c : {&first, &second})
    gemm(Transpose::no, Transpose::no, 250, 10, 512, a.data(), b.data(), c->as_floats(), Threads(2));
  EXPECT_EQ(first.copy(), second.copy());
}

}  // namespace
}  // namespace evenkeel::kernels
