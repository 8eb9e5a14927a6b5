#include "evenkeel/kernels/bfloat16/packed_tiles.h"

#include <gtest/gtest.h>

#include "evenkeel/kernels/matmul/gemm_packed.h"
#include "evenkeel/kernels/matmul/gemm_reference.h"
#include "tests/kernels/convolution_cases.h"

namespace evenkeel::kernels::packed {
namespace {

/// This machine, and it without its tiles (its dot products taken for fast), as far as they can multiply bfloat16.
std::vector<Machine> machines() {
  std::vector<Machine> all;
  for (const Machine& machine : {Machine::here(), without_tiles()})
    if (engine(machine)) all.push_back(machine);
  return all;
}

struct PackedGemm : testing::Test {
  void SetUp() override {
    if (machines().empty()) GTEST_SKIP() << "this machine has no instructions for bfloat16";
  }
};

std::vector<bfloat16> narrowed(const std::vector<float>& values) { return {values.begin(), values.end()}; }

/// Any shape, also those that are left to others for being small.
template <class C>
std::vector<float> product(const Machine& machine, Transpose ta, Transpose tb, std::int64_t m, std::int64_t n,
                           std::int64_t k, const std::vector<bfloat16>& a, const std::vector<bfloat16>& b, int count) {
  const NarrowProduct shape{ta, tb, m, n, k, std::is_same_v<C, bfloat16>};
  const auto prepared = prepare_packed(shape, *engine(machine), Threads(count));
  const Poisoned c(static_cast<std::size_t>(m * n) * sizeof(C)), scratch(prepared.scratch_bytes);
  prepared.run(a.data(), b.data(), c.data(), scratch.data());
  EXPECT_TRUE(c.fences_stand() && scratch.fences_stand());
  const C* const values = reinterpret_cast<const C*>(c.data());
  return {values, values + m * n};
}

TEST_F(PackedGemm, IsTheReferenceOnTheSameNumbers) {
  for (const Machine& machine : machines())
    for (const auto& [m, n, k] : {std::array<std::int64_t, 3>{16, 32, 32},
                                  {1, 1, 1},
                                  {33, 31, 65},
                                  {100, 70, 77},
                                  {515, 33, 40},    // more than a band
                                  {40, 300, 1100},  // more than a panel, and than the steps of one
                                  {17, 513, 600}})
      for (const Transpose ta : {Transpose::no, Transpose::yes})
        for (const Transpose tb : {Transpose::no, Transpose::yes})
          for (const int count : {1, 2}) {
            SCOPED_TRACE(fmt::format("{} m {} n {} k {} transposed {}{}", engine(machine)->name, m, n, k,
                                     ta == Transpose::yes ? "a" : "", tb == Transpose::yes ? "b" : ""));
            const auto a = narrowed(random_values(m * k, 1)), b = narrowed(random_values(k * n, 2));
            const std::vector<float> wide_a(a.begin(), a.end()), wide_b(b.begin(), b.end());
            std::vector<float> expected(static_cast<std::size_t>(m * n));
            reference::gemm(ta, tb, m, n, k, wide_a.data(), wide_b.data(), expected.data());
            EXPECT_LE(relative_distance(product<float>(machine, ta, tb, m, n, k, a, b, count), expected), rounding(k));
            // One more rounding, of the sum: 2^-9 of each number.
            EXPECT_LE(relative_distance(product<bfloat16>(machine, ta, tb, m, n, k, a, b, count), expected),
                      rounding(k) + 0x1p-9);
          }
}

TEST_F(PackedGemm, CarriesANanIntoItsRowOnly) {
  for (const Machine& machine : machines()) {
    auto a = narrowed(random_values(40 * 50, 1));
    const auto b = std::vector<bfloat16>(50 * 33, bfloat16(0.0f));
    a[3 * 50 + 7] = bfloat16(std::numeric_limits<float>::quiet_NaN());
    const auto c = product<bfloat16>(machine, Transpose::no, Transpose::no, 40, 33, 50, a, b, 1);
    for (std::size_t i = 0; i < c.size(); ++i) EXPECT_EQ(std::isnan(c[i]), i / 33 == 3) << i;
  }
}

TEST_F(PackedGemm, RoundsSumsAsBfloat16Does) {
  // Sums of one product each: 1 * v is v, so that what is written is v rounded.
  const std::vector<float> values = random_values(32 * 32, 3);
  std::vector<bfloat16> upper(32 * 32), one(32 * 32, bfloat16(0.0f));
  for (std::size_t i = 0; i < 32; ++i) one[i * 32 + i] = bfloat16(1.0f);
  for (std::size_t i = 0; i < upper.size(); ++i) upper[i] = bfloat16(values[i]);
  for (const Machine& machine : machines())
    EXPECT_EQ(product<bfloat16>(machine, Transpose::no, Transpose::no, 32, 32, 32, one, upper, 1),
              std::vector<float>(upper.begin(), upper.end()));
  alignas(64) float sums[kBlockSums] = {};
  sums[0] = 1 + 0x1p-8f;      // a tie, to even
  sums[1] = 1 + 3 * 0x1p-8f;  // a tie, to even the other way
  sums[2] = 3e-39f;           // subnormal
  sums[3] = std::numeric_limits<float>::max();
  std::vector<bfloat16> written(4);
  write_sums(sums, 1, 4, written.data(), 4);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(written[i].bits, bfloat16(sums[i]).bits) << sums[i];
}

TEST_F(PackedGemm, GivesTheSameBitsEveryTime) {
  const auto a = narrowed(random_values(250 * 512, 1)), b = narrowed(random_values(512 * 100, 2));
  for (const Machine& machine : machines())
    EXPECT_EQ(product<float>(machine, Transpose::no, Transpose::no, 250, 100, 512, a, b, 2),
              product<float>(machine, Transpose::no, Transpose::no, 250, 100, 512, a, b, 2));
}

TEST_F(PackedGemm, IsWhatLargeProductsAreMadeWith) {
  const Machine machine = machines().front();
  EXPECT_TRUE(
      prepare_narrow_gemm({.m = 500, .n = 3500, .k = 7260}, machine, Threads(1)).name.starts_with("packed tiles, "));
  EXPECT_FALSE(
      prepare_narrow_gemm({.m = 500, .n = 10, .k = 700}, machine, Threads(1)).name.starts_with("packed tiles, "));
}

TEST(PackedEngine, LeavesSlowDotProductsToFloats) {
  EXPECT_FALSE(engine({.cpu = "any", .avx2 = true, .avx512 = true, .avx512_bf16 = true, .fast_dots = false}));
  EXPECT_TRUE(engine({.cpu = "any", .avx2 = true, .avx512 = true, .avx512_bf16 = true, .fast_dots = true}));
}

TEST(PackedEngine, NeedsInstructions) {
  Machine machine = Machine::here();
  machine.amx_bf16 = machine.avx512_bf16 = false;
  EXPECT_FALSE(engine(machine));
  EXPECT_FALSE(narrow_gemm({.m = 1000, .n = 1000, .k = 1000}, machine, Threads(1)));
}

}  // namespace
}  // namespace evenkeel::kernels::packed
