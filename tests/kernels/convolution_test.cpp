#include "evenkeel/kernels/convolution/convolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "evenkeel/kernels/convolution/convolution_reference.h"
#include "tests/kernels/convolution_cases.h"

namespace evenkeel::kernels {
namespace {

/// Every geometry with every number of channels; filters and batch sizes take turns.
std::vector<Case> cases() {
  constexpr std::array<std::array<std::int64_t, 2>, 5> kKernels{{{1, 1}, {3, 3}, {5, 5}, {1, 3}, {2, 2}}};
  constexpr std::array<std::array<std::int64_t, 2>, 4> kStrides{{{1, 1}, {2, 2}, {2, 1}, {3, 3}}};
  constexpr std::array<std::int64_t, 8> kChannels{1, 3, 4, 5, 16, 17, 30, 76};
  constexpr std::array<std::int64_t, 4> kFilters{1, 4, 10, 33};
  constexpr std::array<std::int64_t, 3> kBatches{1, 2, 7};
  std::vector<Case> all;
  for (const auto& kernel : kKernels)
    for (const auto& stride : kStrides)
      for (const Pad pad : {Pad::same, Pad::valid})
        for (const std::int64_t c : kChannels) {
          const std::size_t turn = all.size() / kChannels.size() + all.size();
          const std::int64_t width = turn % 2 == 0 ? 7 : 8;
          all.push_back(make_case(kBatches[turn % 3], {6, width}, c, kFilters[turn % 4], kernel, stride, pad));
        }
  return all;
}

/// Images smaller than the kernel, as deep networks come to, and few channels to many filters.
std::vector<Case> special_shapes() {
  std::vector<Case> all;
  for (const std::int64_t size : {1, 2, 3, 4})
    for (const std::int64_t stride : {1, 2})
      for (const std::int64_t kernel : {3, 5})
        for (const auto& [c, filters] : {std::pair{1, 4}, {60, 64}, {5, 33}})
          all.push_back(make_case(7, {size, size}, c, filters, {kernel, kernel}, {stride, stride}, Pad::same));
  all.push_back(make_case(5, {32, 30}, 3, 33, {5, 3}, {2, 1}, Pad::same));
  all.push_back(make_case(7, {9, 9}, 1, 16, {2, 2}, {3, 3}, Pad::valid));
  all.push_back(make_case(3, {1, 9}, 4, 6, {3, 3}, {1, 2}, Pad::same));
  all.push_back(make_case(2, {2, 1}, 3, 5, {5, 3}, {2, 1}, Pad::same));
  return all;
}

std::vector<Case> all_cases() {
  std::vector<Case> all = cases();
  for (const Case& at : special_shapes()) all.push_back(at);
  return all;
}

/// 1 or 2, in turns.
int some_threads(const Case& at) { return 1 + static_cast<int>((at.window.c + at.window.w + at.filters) % 2); }

struct Numbers {
  explicit Numbers(const Case& at)
      : x(random_values(at.x_size(), 1)),
        kernel(random_values(at.kernel_size(), 2)),
        bias(random_values(at.filters, 3)),
        dy(random_values(at.y_size(), 4)) {}
  std::vector<float> x, kernel, bias, dy;
};

std::vector<float> forward(const Case& at, const Numbers& given, bool bias, Activation f, int count) {
  const Threads threads(count);
  const auto prepared = prepare_convolution(at.window, at.filters, bias, f, Machine::here(), threads);
  const Poisoned scratch(prepared.scratch_bytes);
  const auto y = Poisoned::floats(at.y_size());
  threads.bind();
  prepared.run(given.x.data(), given.kernel.data(), bias ? given.bias.data() : nullptr, y.as_floats(), scratch.data());
  EXPECT_TRUE(scratch.fences_stand() && y.fences_stand()) << prepared.name << " at " << to_string(at);
  return y.copy();
}

std::vector<float> expected(const Case& at, const Numbers& given, bool bias, Activation f) {
  std::vector<float> y(static_cast<std::size_t>(at.y_size()));
  reference::convolution(at.window, at.filters, given.x.data(), given.kernel.data(), bias ? given.bias.data() : nullptr,
                         f, y.data());
  return y;
}

std::vector<float> data_gradient(const Case& at, const Numbers& given, int count) {
  const Threads threads(count);
  const auto prepared = prepare_convolution_data_gradient(at.window, at.filters, Machine::here(), threads);
  const Poisoned scratch(prepared.scratch_bytes);
  const auto dx = Poisoned::floats(at.x_size());
  threads.bind();
  prepared.run(given.dy.data(), given.kernel.data(), dx.as_floats(), scratch.data());
  EXPECT_TRUE(scratch.fences_stand() && dx.fences_stand()) << prepared.name << " at " << to_string(at);
  return dx.copy();
}

std::vector<float> kernel_gradient(const Case& at, const Numbers& given, int count) {
  const Threads threads(count);
  const auto prepared = prepare_convolution_kernel_gradient(at.window, at.filters, Machine::here(), threads);
  const Poisoned scratch(prepared.scratch_bytes);
  const auto dkernel = Poisoned::floats(at.kernel_size());
  threads.bind();
  prepared.run(given.x.data(), given.dy.data(), dkernel.as_floats(), scratch.data());
  EXPECT_TRUE(scratch.fences_stand() && dkernel.fences_stand()) << prepared.name << " at " << to_string(at);
  return dkernel.copy();
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

TEST(ReferenceConvolution, PadsMoreAtTheEndOfAnEvenImageWithStrideTwo) {
  const Case at = make_case(1, {4, 4}, 1, 1, {3, 3}, {2, 2}, Pad::same);
  const std::vector<double> x(16, 1), kernel(9, 1), seen{9, 6, 6, 4};  // all at the first corner, 2x2 at the last
  std::vector<double> y(4);
  reference::convolution<double>(at.window, 1, x.data(), kernel.data(), nullptr, Activation::linear, y.data());
  EXPECT_EQ(y, seen);
}

TEST(ReferenceConvolution, IsNotMirrored) {
  const Case at = make_case(1, {1, 4}, 1, 2, {1, 2}, {1, 1}, Pad::valid);
  const std::vector<double> x{1, 2, 3, 5}, kernel{10, 1, 0, 100};  // filter 0: 10 x[j]; filter 1: x[j] + 100 x[j + 1]
  const std::vector<double> expected_y{10, 201, 20, 302, 30, 503};
  std::vector<double> y(6);
  reference::convolution<double>(at.window, 2, x.data(), kernel.data(), nullptr, Activation::linear, y.data());
  EXPECT_EQ(y, expected_y);
}

/// y is linear in x and in the kernel, so <dy, y> = <dx, x> = <dkernel, kernel>: that determines both gradients.
TEST(ReferenceConvolution, HasGradientsThatAreItsAdjoints) {
  for (const Case& at : {make_case(2, {6, 7}, 3, 4, {3, 3}, {2, 1}, Pad::same),
                         make_case(3, {5, 8}, 2, 5, {2, 3}, {3, 2}, Pad::valid)}) {
    const auto x = random_values<double>(at.x_size(), 1), kernel = random_values<double>(at.kernel_size(), 2);
    const auto dy = random_values<double>(at.y_size(), 3);
    std::vector<double> y(dy.size()), dx(x.size()), dkernel(kernel.size());
    reference::convolution<double>(at.window, at.filters, x.data(), kernel.data(), nullptr, Activation::linear,
                                   y.data());
    reference::convolution_data_gradient(at.window, at.filters, dy.data(), kernel.data(), dx.data());
    reference::convolution_kernel_gradient(at.window, at.filters, x.data(), dy.data(), dkernel.data());
    EXPECT_NEAR(dot(dx, x), dot(dy, y), 1e-10) << to_string(at);
    EXPECT_NEAR(dot(dkernel, kernel), dot(dy, y), 1e-10) << to_string(at);
  }
}

TEST(Convolution, ForwardIsTheReference) {
  bool bias = false;
  for (const Case& at : all_cases()) {
    const Numbers given(at);
    bias = !bias;
    const auto y = forward(at, given, bias, Activation::linear, some_threads(at));
    EXPECT_LE(relative_distance(y, expected(at, given, bias, Activation::linear)),
              rounding(at.window.kernel_h * at.window.kernel_w * at.window.c))
        << to_string(at) << " bias " << bias;
  }
}

TEST(Convolution, DataGradientIsTheReference) {
  for (const Case& at : all_cases()) {
    const Numbers given(at);
    std::vector<float> dx(given.x.size());
    reference::convolution_data_gradient(at.window, at.filters, given.dy.data(), given.kernel.data(), dx.data());
    EXPECT_LE(relative_distance(data_gradient(at, given, some_threads(at)), dx),
              rounding(at.window.kernel_h * at.window.kernel_w * at.filters))
        << to_string(at);
  }
}

TEST(Convolution, KernelGradientIsTheReference) {
  for (const Case& at : all_cases()) {
    const Numbers given(at);
    std::vector<float> dkernel(given.kernel.size());
    reference::convolution_kernel_gradient(at.window, at.filters, given.x.data(), given.dy.data(), dkernel.data());
    EXPECT_LE(relative_distance(kernel_gradient(at, given, some_threads(at)), dkernel),
              rounding(at.window.n * at.window.oh * at.window.ow))
        << to_string(at);
  }
}

constexpr std::array kActivations{Activation::linear,     Activation::relu, Activation::elu,  Activation::sigmoid,
                                  Activation::tanh,       Activation::silu, Activation::gelu, Activation::leaky_relu,
                                  Activation::hard_swish, Activation::relu6};

/// A case for each implementation.
std::vector<Case> one_of_each() {
  return {make_case(4, {9, 9}, 6, 20, {3, 3}, {1, 1}, Pad::same),     // oneDNN
          make_case(16, {2, 2}, 12, 20, {3, 3}, {1, 1}, Pad::same),   // whole image
          make_case(4, {5, 5}, 12, 20, {1, 1}, {1, 1}, Pad::valid),   // pointwise
          make_case(5, {32, 30}, 3, 33, {5, 3}, {2, 1}, Pad::same)};  // data gradient by columns
}

TEST(Convolution, FusesEveryActivation) {
  for (const Case& at : one_of_each())
    for (const Activation f : kActivations)
      for (const bool bias : {false, true}) {
        const Numbers given(at);
        EXPECT_LE(relative_distance(forward(at, given, bias, f, 2), expected(at, given, bias, f)), 1e-6)
            << to_string(at) << " " << name_of(f) << " bias " << bias;
      }
}

TEST(Convolution, CarriesANanThroughEveryActivation) {
  for (const Case& at : one_of_each())
    for (const Activation f : kActivations) {
      Numbers given(at);
      given.x[0] = std::numeric_limits<float>::quiet_NaN();
      const auto y = forward(at, given, true, f, 2);
      EXPECT_TRUE(std::isnan(y[0])) << to_string(at) << " " << name_of(f);
      EXPECT_FALSE(std::isnan(y.back())) << to_string(at) << " " << name_of(f);
    }
}

TEST(Convolution, GivesTheSameBitsEveryTime) {
  for (const Case& at : one_of_each()) {
    const Numbers given(at);
    EXPECT_EQ(forward(at, given, true, Activation::elu, 2), forward(at, given, true, Activation::elu, 2));
    EXPECT_EQ(data_gradient(at, given, 2), data_gradient(at, given, 2));
    EXPECT_EQ(kernel_gradient(at, given, 2), kernel_gradient(at, given, 2));
  }
}

TEST(Convolution, DependsOnNothingItLeftInItsScratch) {
  for (const Case& at : one_of_each()) {
    const Numbers given(at);
    const Threads threads(2);
    const auto prepared = prepare_convolution_kernel_gradient(at.window, at.filters, Machine::here(), threads);
    Poisoned scratch(prepared.scratch_bytes);
    const auto first = Poisoned::floats(at.kernel_size()), second = Poisoned::floats(at.kernel_size());
    threads.bind();
    prepared.run(given.x.data(), given.dy.data(), first.as_floats(), scratch.data());
    scratch.poison();
    prepared.run(given.x.data(), given.dy.data(), second.as_floats(), scratch.data());
    EXPECT_EQ(first.copy(), second.copy()) << prepared.name;
  }
}

struct Names {
  std::string forward, data_gradient, kernel_gradient;
};
Names names(const Case& at) {
  const Threads threads(2);
  const Machine& machine = Machine::here();
  return {prepare_convolution(at.window, at.filters, true, Activation::relu, machine, threads).name,
          prepare_convolution_data_gradient(at.window, at.filters, machine, threads).name,
          prepare_convolution_kernel_gradient(at.window, at.filters, machine, threads).name};
}

TEST(Convolution, GoesByOneProductWhereTheKernelCoversTheImage) {
  for (const std::int64_t size : {1, 2}) {
    const Names chosen = names(make_case(64, {size, size}, 60, 64, {3, 3}, {1, 1}, Pad::same));
    EXPECT_EQ(chosen.forward, "gemm, whole image");
    EXPECT_EQ(chosen.data_gradient, "gemm, whole image");
    EXPECT_EQ(chosen.kernel_gradient, "gemm, whole image");
  }
}

TEST(Convolution, GoesByOneProductWhereTheKernelIsOnePixel) {
  const Names chosen = names(make_case(2, {8, 8}, 16, 32, {1, 1}, {2, 2}, Pad::valid));
  EXPECT_EQ(chosen.forward, "gemm, pointwise");
  EXPECT_EQ(chosen.data_gradient, "gemm, pointwise");
  EXPECT_EQ(chosen.kernel_gradient, "gemm, pointwise");
}

TEST(Convolution, GoesByColumnsBackToAColourImage) {
  EXPECT_EQ(names(make_case(500, {32, 32}, 3, 30, {3, 3}, {2, 2}, Pad::valid)).data_gradient, "gemm, columns");
}

TEST(Convolution, LeavesTheRestToOneDnnAndNothingToTheReference) {
  for (const Case& at : {make_case(64, {28, 28}, 1, 4, {3, 3}, {1, 1}, Pad::same),
                         make_case(64, {14, 14}, 20, 24, {3, 3}, {2, 2}, Pad::same)}) {
    const Names chosen = names(at);
    EXPECT_THAT(chosen.forward, testing::StartsWith("onednn ")) << to_string(at);
    EXPECT_THAT(chosen.data_gradient, testing::StartsWith("onednn ")) << to_string(at);
    EXPECT_THAT(chosen.kernel_gradient, testing::StartsWith("onednn ")) << to_string(at);
  }
}

}  // namespace
}  // namespace evenkeel::kernels
