#include "evenkeel/kernels/elementwise/combine.h"

#include <limits>

#include "evenkeel/kernels/elementwise/combine_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr Combination kCombinations[] = {Combination::sum,     Combination::difference, Combination::product,
                                         Combination::maximum, Combination::minimum,    Combination::slope};

/// Equal shapes, a channel of each sample, one number per pixel, per channel, for all, and per element of a sample.
std::vector<Repetition> repetitions() {
  return {{.outer = 3 * 7 * 17},
          {.outer = 2, .middle = 49, .inner = 3},
          {.outer = 5, .middle = 35, .inner = 40},
          {.outer = 1, .middle = 9, .inner = 1000},
          {.outer = 70, .middle = 33, .inner = 1},
          {.outer = 1, .middle = 5000, .inner = 17},
          {.outer = 1, .middle = 3001, .inner = 1},
          {.outer = 1, .middle = 3, .inner = 4001}};
}

class CombineKernels : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(CombineKernels);

template <class Body>
void for_combinations(Body body) {
  for (const Repetition& over : repetitions())
    for (const Combination how : kCombinations)
      for (const int threads : {1, 2, 3}) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(how) << ", " << over.outer << "x" << over.middle << "x"
                                        << over.inner << " on " << threads);
        body(over, how, Threads(threads));
      }
}

TEST_P(CombineKernels, AreThoseOfTheReference) {
  for_combinations([](const Repetition& over, Combination how, const Threads& threads) {
    const std::vector<float> a = normal_values(over.large(), 1), b = normal_values(over.small(), 2),
                             dy = normal_values(over.large(), 3);
    std::vector<float> y(a.size()), da(a.size()), db(b.size());
    std::vector<double> exact_y(a.size()), exact_da(a.size()), exact_db(b.size());
    combine(how, over, a, b, y, threads);
    combine_gradient(how, over, a, b, dy, da, db, threads);
    reference::combine<double>(how, over, in_double(a), in_double(b), exact_y);
    reference::combine_gradient<double>(how, over, in_double(a), in_double(b), in_double(dy), exact_da, exact_db);
    EXPECT_TRUE(agrees(y, exact_y, {.relative = kRounding}));
    EXPECT_TRUE(agrees(da, exact_da, {.relative = kRounding}));
    EXPECT_TRUE(agrees(db, exact_db, {.relative = kRounding, .absolute = 1e-6 * static_cast<double>(over.middle)}));
  });
}

TEST_P(CombineKernels, OfBfloat16AreThoseOfFloatRounded) {
  for_combinations([](const Repetition& over, Combination how, const Threads& threads) {
    const auto narrow = [](std::vector<float> values) { return std::vector<bfloat16>(values.begin(), values.end()); };
    const auto wide = [](const std::vector<bfloat16>& values) {
      return std::vector<float>(values.begin(), values.end());
    };
    const auto a = narrow(normal_values(over.large(), 1)), b = narrow(normal_values(over.small(), 2)),
               dy = narrow(normal_values(over.large(), 3));
    std::vector<float> y(a.size()), da(a.size()), db(b.size()), precise_db(b.size());
    std::vector<bfloat16> narrow_y(a.size()), narrow_da(a.size()), narrow_db(b.size());
    combine(how, over, wide(a), wide(b), y, threads);
    combine_gradient(how, over, wide(a), wide(b), wide(dy), da, db, threads);
    combine<bfloat16>(how, over, a, b, narrow_y, threads);
    combine_gradient<bfloat16>(how, over, a, b, dy, narrow_da, narrow_db, threads);
    EXPECT_EQ(wide(narrow_y), wide(narrow(y)));
    EXPECT_EQ(wide(narrow_da), wide(narrow(da)));
    EXPECT_EQ(wide(narrow_db), wide(narrow(db)));
    combine_gradient_precise<bfloat16>(how, over, a, b, dy, narrow_da, precise_db, threads);
    EXPECT_EQ(precise_db, db);
  });
}

TEST_P(CombineKernels, WorkInPlaceAndCarryNaN) {
  const Repetition over{.outer = 2, .middle = 9, .inner = 5};
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  for (const Combination how : kCombinations) {
    SCOPED_TRACE(static_cast<int>(how));
    std::vector<float> a = normal_values(90, 1), b = normal_values(10, 2), y(90), dy = normal_values(90, 3), da(90),
                       db(10);
    combine(how, over, a, b, y, Threads(1));
    combine_gradient(how, over, a, b, dy, da, db, Threads(1));
    combine_gradient(how, over, a, b, dy, dy, db, Threads(1));
    EXPECT_EQ(dy, da);
    combine(how, over, a, b, a, Threads(1));
    EXPECT_EQ(a, y);
    a[7] = kNaN;
    b[5] = kNaN;
    combine(how, over, a, b, y, Threads(1));
    EXPECT_TRUE(std::isnan(y[7]));
    EXPECT_TRUE(how == Combination::slope || std::isnan(y[45]));
  }
}

TEST(Repetition, IsFoundOnNeighbouringAxesAlone) {
  const auto found = [](const Shape& large, const Shape& small) {
    const auto over = repetition_of(large, small);
    return over ? Shape{over->outer, over->middle, over->inner} : Shape{};
  };
  EXPECT_EQ(found({2, 3, 5, 7}, {2, 1, 1, 7}), (Shape{2, 15, 7}));
  EXPECT_EQ(found({2, 3, 5, 7}, {2, 3, 5, 1}), (Shape{30, 7, 1}));
  EXPECT_EQ(found({2, 3, 1, 7}, {2, 1, 1, 7}), (Shape{2, 3, 7}));
  EXPECT_EQ(found({2, 1, 1, 7}, {2, 1, 1, 7}), (Shape{14, 1, 1}));
  EXPECT_EQ(found({2, 3, 1, 7}, {1, 3, 1, 1}), Shape{});
  EXPECT_EQ(found({2, 3}, {2, 2}), Shape{});
  EXPECT_EQ(found({2, 1}, {2, 3}), Shape{});
  EXPECT_EQ(found({2, 3}, {3}), Shape{});
}

}  // namespace
}  // namespace evenkeel::kernels
