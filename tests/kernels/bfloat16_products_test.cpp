#include <gtest/gtest.h>

#include "evenkeel/kernels/convolution/convolution.h"
#include "evenkeel/kernels/convolution/convolution_reference.h"
#include "evenkeel/kernels/matmul/gemm.h"
#include "evenkeel/kernels/matmul/gemm_reference.h"
#include "tests/kernels/convolution_cases.h"

// Convolutions and products of bfloat16 against double references on the same numbers, on this machine's best
// implementation, on that of a machine without bfloat16, and with its dot products alone, taken for fast.
// What may differ: a sum of `terms` products in fp32 (rounding()), and the result's rounding to bfloat16, 2^-8 of each
// element at most, and so of the norm; with an activation after it two of them. Float results have no rounding.

namespace evenkeel::kernels {
namespace {

constexpr double kNarrowing = 0x1p-8;

std::vector<Machine> machines() {
  std::vector<Machine> all{Machine::here(), {.cpu = "old", .cores = 2, .avx2 = true}};
  if (all.front().avx512_bf16 && (all.front().amx_bf16 || !all.front().fast_dots)) all.push_back(without_tiles());
  return all;
}

std::vector<bfloat16> narrow_values(std::int64_t size, std::uint32_t index) {
  std::vector<bfloat16> values;
  for (const float v : random_values(size, index)) values.emplace_back(v);
  return values;
}

std::vector<double> in_double(const std::vector<bfloat16>& values) { return {values.begin(), values.end()}; }

/// Memory for bfloat16 results, full of NaN, between fences.
struct Room {
  explicit Room(std::int64_t size) : elements(size), memory(static_cast<std::size_t>(size) * sizeof(bfloat16)) {}
  bfloat16* data() const { return reinterpret_cast<bfloat16*>(memory.data()); }
  std::vector<float> copy() const { return {data(), data() + elements}; }
  std::int64_t elements;
  Poisoned memory;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::int64_t c : {1, 3, 4, 16, 30, 32, 76})
    for (const std::int64_t filters : {1, 4, 30, 33, 64})
      for (const std::int64_t stride : {1, 2})
        for (const std::int64_t kernel : {1, 2, 3}) {
          const std::int64_t n = 1 + static_cast<std::int64_t>(all.size()) % 3;
          all.push_back(make_case(n, {7, 8}, c, filters, {kernel, kernel}, {stride, stride},
                                  all.size() % 2 == 0 ? Pad::same : Pad::valid));
        }
  for (const std::int64_t size : {1, 2, 3})
    all.push_back(make_case(7, {size, size}, 60, 64, {3, 3}, {1, 1}, Pad::same));
  all.push_back(make_case(1, {6, 7}, 16, 16, {1, 1}, {2, 1}, Pad::valid));
  // Enough pixels for kernel gradients in blocks: rows and columns that are missing in a block or a tile.
  for (const std::int64_t c : {3, 8, 30})
    for (const std::int64_t filters : {8, 17, 40})
      for (const std::int64_t stride : {1, 2})
        all.push_back(
            make_case(3, {29, 30}, c, filters, {3, 3}, {stride, stride}, stride == 1 ? Pad::same : Pad::valid));
  all.push_back(make_case(7, {56, 56}, 16, 17, {3, 3}, {1, 1}, Pad::same));  // widened: in parts of four and three
  return all;
}

class Bfloat16Convolution : public testing::Test {
 protected:
  /// Calls check(case, machine, threads) for every case and machine.
  template <class Check>
  void for_all(Check check) {
    for (const Machine& machine : machines())
      for (const Case& at : cases()) {
        SCOPED_TRACE(to_string(at) + " on " + machine.features());
        const Threads threads(1 + static_cast<int>((at.window.c + at.filters) % 2));
        check(at, machine, threads);
      }
  }
};

TEST_F(Bfloat16Convolution, IsTheReferenceUpToRounding) {
  for_all([](const Case& at, const Machine& machine, const Threads& threads) {
    const auto x = narrow_values(at.x_size(), 1), kernel = narrow_values(at.kernel_size(), 2);
    const auto bias = random_values(at.filters, 3);
    const std::vector<double> exact_bias(bias.begin(), bias.end());
    for (const Activation f : {Activation::linear, Activation::elu}) {
      const auto prepared = prepare_convolution<bfloat16>(at.window, at.filters, true, f, machine, threads);
      const Poisoned scratch(prepared.scratch_bytes);
      const Room y(at.y_size());
      threads.bind();
      prepared.run(x.data(), kernel.data(), bias.data(), y.data(), scratch.data());
      EXPECT_TRUE(scratch.fences_stand() && y.memory.fences_stand()) << prepared.name;
      std::vector<double> expected(static_cast<std::size_t>(at.y_size()));
      reference::convolution<double>(at.window, at.filters, in_double(x).data(), in_double(kernel).data(),
                                     exact_bias.data(), f, expected.data());
      EXPECT_LE(relative_distance(y.copy(), expected),
                (f == Activation::linear ? 1 : 2) * kNarrowing + rounding(at.kernel_size() / at.filters))
          << prepared.name;
    }
  });
}

TEST_F(Bfloat16Convolution, HasTheDataGradientOfTheReferenceUpToRounding) {
  for_all([](const Case& at, const Machine& machine, const Threads& threads) {
    const auto dy = narrow_values(at.y_size(), 1), kernel = narrow_values(at.kernel_size(), 2);
    const auto prepared = prepare_convolution_data_gradient<bfloat16>(at.window, at.filters, machine, threads);
    const Poisoned scratch(prepared.scratch_bytes);
    const Room dx(at.x_size());
    threads.bind();
    prepared.run(dy.data(), kernel.data(), dx.data(), scratch.data());
    EXPECT_TRUE(scratch.fences_stand() && dx.memory.fences_stand()) << prepared.name;
    std::vector<double> expected(static_cast<std::size_t>(at.x_size()));
    reference::convolution_data_gradient<double>(at.window, at.filters, in_double(dy).data(), in_double(kernel).data(),
                                                 expected.data());
    EXPECT_LE(relative_distance(dx.copy(), expected), kNarrowing + rounding(at.kernel_size() / at.window.c))
        << prepared.name;
  });
}

TEST_F(Bfloat16Convolution, HasTheKernelGradientOfTheReferenceInFloat) {
  for_all([](const Case& at, const Machine& machine, const Threads& threads) {
    const auto x = narrow_values(at.x_size(), 1), dy = narrow_values(at.y_size(), 2);
    const auto prepared = prepare_convolution_kernel_gradient<bfloat16>(at.window, at.filters, machine, threads);
    const Poisoned scratch(prepared.scratch_bytes);
    const auto dkernel = Poisoned::floats(at.kernel_size());
    threads.bind();
    prepared.run(x.data(), dy.data(), dkernel.as_floats(), scratch.data());
    EXPECT_TRUE(scratch.fences_stand() && dkernel.fences_stand()) << prepared.name;
    std::vector<double> expected(static_cast<std::size_t>(at.kernel_size()));
    reference::convolution_kernel_gradient<double>(at.window, at.filters, in_double(x).data(), in_double(dy).data(),
                                                   expected.data());
    EXPECT_LE(relative_distance(dkernel.copy(), expected), rounding(at.window.n * at.window.oh * at.window.ow))
        << prepared.name;
  });
}

TEST(Bfloat16Gemm, IsTheReferenceUpToRounding) {
  for (const Machine& machine : machines())
    for (const auto& [m, n, k] : kProductSizes)
      for (const Transpose transpose_a : {Transpose::no, Transpose::yes})
        for (const Transpose transpose_b : {Transpose::no, Transpose::yes})
          for (const bool narrow : {true, false}) {
            const NarrowProduct product{transpose_a, transpose_b, m, n, k, narrow};
            const Threads threads(2);
            const auto prepared = prepare_narrow_gemm(product, machine, threads);
            SCOPED_TRACE(fmt::format("{} m {} n {} k {} narrow {}", prepared.name, m, n, k, narrow));
            const auto a = narrow_values(m * k, 1), b = narrow_values(k * n, 2);
            const Poisoned scratch(prepared.scratch_bytes);
            const Room y(m * n);
            const auto wide = Poisoned::floats(m * n);
            threads.bind();
            prepared.run(a.data(), b.data(), narrow ? static_cast<void*>(y.data()) : wide.as_floats(), scratch.data());
            EXPECT_TRUE(scratch.fences_stand() && y.memory.fences_stand() && wide.fences_stand());
            std::vector<double> expected(static_cast<std::size_t>(m * n));
            reference::gemm<double>(transpose_a, transpose_b, m, n, k, in_double(a).data(), in_double(b).data(),
                                    expected.data());
            EXPECT_LE(relative_distance(narrow ? y.copy() : wide.copy(), expected),
                      (narrow ? kNarrowing : 0) + rounding(k));
          }
}

TEST(Bfloat16Gemm, OfNoTermsIsZero) {
  const auto prepared =
      prepare_narrow_gemm({Transpose::no, Transpose::no, 2, 3, 0, false}, Machine::here(), Threads(1));
  const std::vector<bfloat16> nothing(1);
  const auto c = Poisoned::floats(6);
  const Poisoned scratch(prepared.scratch_bytes);
  prepared.run(nothing.data(), nothing.data(), c.as_floats(), scratch.data());
  EXPECT_EQ(c.copy(), std::vector<float>(6, 0.0f));
}

}  // namespace
}  // namespace evenkeel::kernels
