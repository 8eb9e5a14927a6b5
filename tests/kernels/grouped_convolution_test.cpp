#include <gtest/gtest.h>

#include "evenkeel/kernels/convolution/convolution.h"
#include "evenkeel/kernels/convolution/convolution_reference.h"
#include "tests/kernels/convolution_cases.h"
#include "tests/kernels/kernel_test.h"

// Convolutions with groups, dilation and padding in numbers, by whichever kernels serve them.

namespace evenkeel::kernels {
namespace {

/// Every channel a group of its own: images smaller and larger than the kernel, few and many channels.
std::vector<Case> depthwise_cases() {
  std::vector<Geometry> all = {
      {.n = 2, .image = {1, 1}, .pad = {1, 1, 1, 1}},
      {.n = 3, .image = {7, 7}, .pad = {1, 1, 1, 1}},
      {.n = 2, .image = {5, 9}, .kernel = {3, 2}, .stride = {2, 1}, .pad = {0, 1, 1, 0}},
      {.n = 2, .image = {14, 15}, .stride = {2, 2}, .pad = {0, 1, 1, 1}},
      {.n = 1, .image = {9, 31}, .kernel = {5, 5}, .pad = {2, 2, 2, 2}},
      {.n = 2, .image = {9, 11}, .kernel = {5, 3}, .stride = {3, 2}, .pad = {2, 1, 0, 2}},
      {.n = 1, .image = {11, 12}, .kernel = {3, 3}, .dilation = {2, 3}, .pad = {2, 2, 3, 3}},
      {.n = 2, .image = {13, 10}, .kernel = {2, 3}, .stride = {2, 2}, .dilation = {3, 2}, .pad = {1, 2, 1, 0}},
      {.n = 2, .image = {6, 7}, .kernel = {2, 2}, .stride = {3, 3}},
      {.n = 3, .image = {4, 4}, .kernel = {1, 1}, .stride = {2, 2}},
      {.n = 1, .image = {3, 4}, .kernel = {7, 7}, .pad = {3, 3, 3, 3}},
      {.n = 1, .image = {1, 40}, .kernel = {1, 9}, .pad = {0, 0, 8, 0}},
  };
  std::vector<Case> cases;
  for (Geometry& geometry : all)
    for (const std::int64_t channels : {2, 3, 8, 17, 33, 70}) {
      geometry.c = geometry.filters = geometry.groups = channels;
      cases.push_back(make_case(geometry));
    }
  return cases;
}

/// Groups of several channels, several filters for each channel, and no groups at all.
std::vector<Case> other_cases() {
  std::vector<Geometry> all = {
      {.n = 2, .image = {7, 6}, .c = 6, .filters = 4, .groups = 2, .pad = {1, 1, 1, 1}},
      {.n = 3, .image = {9, 9}, .c = 32, .filters = 32, .groups = 4, .stride = {2, 2}, .pad = {1, 1, 1, 1}},
      {.n = 1, .image = {5, 8}, .c = 15, .filters = 21, .groups = 3, .kernel = {1, 1}},
      {.n = 2, .image = {5, 8}, .c = 9, .filters = 3, .groups = 3, .kernel = {1, 1}, .stride = {2, 1}},
      {.n = 2, .image = {6, 7}, .c = 5, .filters = 10, .groups = 5, .pad = {0, 1, 1, 0}},
      {.n = 2, .image = {6, 6}, .c = 16, .filters = 48, .groups = 16, .dilation = {2, 2}, .pad = {2, 2, 2, 2}},
      {.n = 2, .image = {1, 1}, .c = 8, .filters = 12, .groups = 2, .pad = {1, 1, 1, 1}},
      {.n = 2, .image = {12, 11}, .c = 3, .filters = 5, .dilation = {2, 3}, .pad = {1, 0, 2, 3}},
      {.n = 17, .image = {5, 5}, .c = 4, .filters = 16, .dilation = {2, 2}},
      {.n = 2, .image = {8, 8}, .c = 20, .filters = 24, .stride = {2, 2}, .dilation = {2, 1}, .pad = {2, 1, 1, 0}},
      {.n = 2, .image = {4, 5}, .c = 3, .filters = 7, .kernel = {1, 1}, .pad = {0, 1, 0, 2}},
      {.n = 2, .image = {4, 5}, .c = 3, .filters = 7, .kernel = {1, 1}, .stride = {2, 2}, .pad = {1, 0, 0, 0}},
      {.n = 16, .image = {2, 2}, .c = 5, .filters = 18, .pad = {3, 0, 0, 3}},
      {.n = 2, .image = {3, 3}, .c = 2, .filters = 17, .kernel = {2, 2}, .pad = {4, 3, 2, 0}},
      {.n = 2, .image = {5, 5}, .c = 6, .filters = 6, .groups = 6, .pad = {3, 3, 4, 0}},
  };
  std::vector<Case> cases;
  for (const Geometry& geometry : all) cases.push_back(make_case(geometry));
  return cases;
}

std::vector<Case> grouped_cases() {
  std::vector<Case> all = depthwise_cases();
  for (const Case& at : other_cases()) all.push_back(at);
  return all;
}

template <class T>
std::vector<T> operand(std::int64_t size, std::uint32_t index) {
  std::vector<T> values;
  for (const float v : random_values(size, index)) values.push_back(static_cast<T>(v));
  return values;
}
template <class T>
std::vector<double> wide(const std::vector<T>& values) {
  std::vector<double> all;
  for (const T v : values) all.push_back(static_cast<double>(static_cast<float>(v)));
  return all;
}

/// Rounding of a result that is stored as T.
template <class T>
double stored() {
  return std::is_same_v<T, float> ? 0 : 0x1p-8;
}

template <class T>
struct Operands {
  explicit Operands(const Case& at)
      : x(operand<T>(at.x_size(), 1)), kernel(operand<T>(at.kernel_size(), 2)), dy(operand<T>(at.y_size(), 4)) {}
  std::vector<T> x, kernel, dy;
};

/// Runs a prepared kernel on memory full of NaN, with fences around what it may write.
template <class Out, class Prepared, class Run>
std::vector<Out> result_of(const Prepared& prepared, std::int64_t size, const Threads& threads, Run run) {
  const Poisoned scratch(prepared.scratch_bytes), out(static_cast<std::size_t>(size) * sizeof(Out));
  threads.bind();
  run(reinterpret_cast<Out*>(out.data()), scratch.data());
  EXPECT_TRUE(scratch.fences_stand() && out.fences_stand()) << prepared.name;
  const Out* const first = reinterpret_cast<const Out*>(out.data());
  return {first, first + size};
}

template <class T>
void check_forward(const Case& at, Activation f, const Threads& threads) {
  const Operands<T> given(at);
  const std::vector<float> bias = random_values(at.filters, 3);
  const auto prepared = prepare_convolution<T>(at.window, at.filters, true, f, Machine::here(), threads);
  SCOPED_TRACE(prepared.name + " at " + to_string(at));
  const auto y = result_of<T>(prepared, at.y_size(), threads, [&](T* out, std::byte* scratch) {
    prepared.run(given.x.data(), given.kernel.data(), bias.data(), out, scratch);
  });
  std::vector<double> expected(y.size());
  reference::convolution<double>(at.window, at.filters, wide(given.x).data(), wide(given.kernel).data(),
                                 wide(bias).data(), f, expected.data());
  EXPECT_LE(relative_distance(wide(y), expected),
            stored<T>() + rounding(at.window.kernel_h * at.window.kernel_w * at.window.c / at.window.groups));
}

template <class T>
void check_gradients(const Case& at, const Threads& threads) {
  const Operands<T> given(at);
  const auto back = prepare_convolution_data_gradient<T>(at.window, at.filters, Machine::here(), threads);
  const auto of_kernel = prepare_convolution_kernel_gradient<T>(at.window, at.filters, Machine::here(), threads);
  SCOPED_TRACE(back.name + ", " + of_kernel.name + " at " + to_string(at));
  const auto dx = result_of<T>(back, at.x_size(), threads, [&](T* out, std::byte* scratch) {
    back.run(given.dy.data(), given.kernel.data(), out, scratch);
  });
  const auto dkernel = result_of<float>(of_kernel, at.kernel_size(), threads, [&](float* out, std::byte* scratch) {
    of_kernel.run(given.x.data(), given.dy.data(), out, scratch);
  });
  std::vector<double> expected(dx.size()), expected_dkernel(dkernel.size());
  reference::convolution_data_gradient<double>(at.window, at.filters, wide(given.dy).data(), wide(given.kernel).data(),
                                               expected.data());
  EXPECT_LE(relative_distance(wide(dx), expected),
            stored<T>() + rounding(at.window.kernel_h * at.window.kernel_w * at.filters / at.window.groups));
  reference::convolution_kernel_gradient<double>(at.window, at.filters, wide(given.x).data(), wide(given.dy).data(),
                                                 expected_dkernel.data());
  EXPECT_LE(relative_distance(dkernel, expected_dkernel), rounding(at.window.n * at.window.oh * at.window.ow));
}

class GroupedConvolution : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(GroupedConvolution);

TEST_P(GroupedConvolution, IsTheReference) {
  int turn = 0;
  for (const Case& at : grouped_cases()) {
    const Threads threads(1 + turn % 3);
    const Activation f = kMonotone[static_cast<std::size_t>(turn++) % std::size(kMonotone)];
    check_forward<float>(at, f, threads);
    check_forward<bfloat16>(at, f, threads);
  }
}

TEST_P(GroupedConvolution, HasTheGradientsOfTheReference) {
  int turn = 0;
  for (const Case& at : grouped_cases()) {
    const Threads threads(1 + turn++ % 3);
    check_gradients<float>(at, threads);
    check_gradients<bfloat16>(at, threads);
  }
}

/// Larger than a thread's least share, so that several threads do work.
TEST_P(GroupedConvolution, IsTheReferenceOnSeveralThreads) {
  for (const std::int64_t stride : {1, 2}) {
    const Case at = make_case(Geometry{.n = 2,
                                       .image = {40, 37},
                                       .c = 19,
                                       .filters = 19,
                                       .groups = 19,
                                       .stride = {stride, stride},
                                       .pad = {1, 1, 1, 1}});
    for_threads([&](const Threads& threads) {
      check_forward<float>(at, Activation::relu, threads);
      check_forward<bfloat16>(at, Activation::relu, threads);
      check_gradients<float>(at, threads);
      check_gradients<bfloat16>(at, threads);
    });
  }
}

TEST(GroupedConvolutionKernels, AreVectorsForDepthwiseAndOneDnnForGroups) {
  const auto name = [](const Geometry& geometry) {
    const Case at = make_case(geometry);
    return prepare_convolution(at.window, at.filters, true, Activation::relu, Machine::here(), Threads(2)).name;
  };
  EXPECT_EQ(name({.n = 8, .image = {14, 14}, .c = 96, .filters = 96, .groups = 96, .pad = {1, 1, 1, 1}}),
            "depthwise vectors");
  EXPECT_EQ(name({.n = 8, .image = {14, 14}, .c = 96, .filters = 96, .groups = 3, .pad = {1, 1, 1, 1}}).substr(0, 6),
            "onednn");
}

/// y is linear in x and in the kernel, so <dy, y> = <dx, x> = <dkernel, kernel>: that determines both gradients.
TEST(ReferenceGroupedConvolution, HasGradientsThatAreItsAdjoints) {
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  for (const Case& at : other_cases()) {
    const auto x = random_values<double>(at.x_size(), 1), kernel = random_values<double>(at.kernel_size(), 2);
    const auto dy = random_values<double>(at.y_size(), 3);
    std::vector<double> y(dy.size()), dx(x.size()), dkernel(kernel.size());
    reference::convolution<double>(at.window, at.filters, x.data(), kernel.data(), nullptr, Activation::linear,
                                   y.data());
    reference::convolution_data_gradient(at.window, at.filters, dy.data(), kernel.data(), dx.data());
    reference::convolution_kernel_gradient(at.window, at.filters, x.data(), dy.data(), dkernel.data());
    EXPECT_NEAR(dot(dx, x), dot(dy, y), 1e-9) << to_string(at);
    EXPECT_NEAR(dot(dkernel, kernel), dot(dy, y), 1e-9) << to_string(at);
  }
}

/// A group is a convolution of its own channels alone.
TEST(ReferenceGroupedConvolution, IsAConvolutionOfEachGroup) {
  const Case at = make_case(Geometry{.image = {1, 3}, .c = 4, .filters = 4, .groups = 2, .kernel = {1, 1}});
  const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  // kernel [1, 1, 2, 4]: filters 0 and 1 read channels 0 and 1, filters 2 and 3 channels 2 and 3.
  const std::vector<double> kernel{1, 0, 10, 0, 0, 1, 0, 100};
  const std::vector<double> seen{1, 2, 30, 400, 5, 6, 70, 800, 9, 10, 110, 1200};
  std::vector<double> y(12);
  reference::convolution<double>(at.window, 4, x.data(), kernel.data(), nullptr, Activation::linear, y.data());
  EXPECT_EQ(y, seen);
}

}  // namespace
}  // namespace evenkeel::kernels
