#include <gtest/gtest.h>

#include "evenkeel/kernels/convolution/convolution_reference.h"
#include "evenkeel/kernels/convolution/convolution_tiled.h"
#include "evenkeel/kernels/convolution/kernel_gradient_tiled.h"
#include "evenkeel/kernels/convolution/winograd.h"
#include "tests/kernels/convolution_cases.h"

// The kernels themselves, on shapes that the lists would give to others.

namespace evenkeel::kernels {
namespace {

struct TiledNumbers {
  explicit TiledNumbers(const Case& at)
      : x(random_values(at.x_size(), 1)),
        kernel(random_values(at.kernel_size(), 2)),
        bias(random_values(at.filters, 3)),
        dy(random_values(at.y_size(), 4)) {}
  std::vector<float> x, kernel, bias, dy;
};

/// Channels around 6 and 16, the rows and columns of a tile, and strips of few channels; padding before and after that
/// differs; dilation; more images than a block has; threads that share the pixels or the filters.
std::vector<Case> tiled_cases() {
  std::vector<Case> all;
  for (const std::int64_t kernel : {1, 2, 3, 5})
    for (const std::int64_t stride : {1, 2, 3})
      for (const std::int64_t dilation : {1, 2})
        for (const auto& [c, filters] : {std::pair{1, 4}, {3, 33}, {5, 8}, {16, 16}, {30, 17}, {76, 40}}) {
          if ((kernel - 1) * dilation + 1 > 7) continue;
          const std::int64_t pad = static_cast<std::int64_t>(all.size()) % kernel;
          all.push_back(make_case(Geometry{.n = 1 + c % 4,
                                           .image = {7, 8 + c % 2},
                                           .c = c,
                                           .filters = filters,
                                           .kernel = {kernel, kernel},
                                           .stride = {stride, 1 + stride % 3},
                                           .dilation = {dilation, dilation},
                                           .pad = {pad, 0, pad / 2, pad}}));
        }
  all.push_back(make_case(Geometry{.n = 9, .image = {3, 3}, .c = 20, .filters = 24, .pad = {1, 1, 1, 1}}));
  all.push_back(make_case(Geometry{.image = {40, 41},
                                   .c = 3,
                                   .filters = 20,
                                   .kernel = {7, 7},
                                   .stride = {2, 2},
                                   .pad = {3, 3, 3, 3}}));  // several blocks in an image
  return all;
}

std::vector<Case> winograd_cases() {
  std::vector<Case> all;
  for (const auto& [c, filters] : {std::pair{1, 4}, {5, 16}, {17, 33}, {64, 48}})
    for (const std::int64_t size : {3, 6, 7})
      for (const std::int64_t pad : {0, 1, 2})
        all.push_back(make_case(Geometry{
            .n = 1 + size % 5, .image = {size, size + 2}, .c = c, .filters = filters, .pad = {pad, 1, 1, pad}}));
  return all;
}

int threads_of(const Case& at) { return 1 + static_cast<int>((at.window.c + at.window.n + at.window.kernel_h) % 2); }

template <class Prepare>
void expect_forward(const Case& at, Prepare prepare) {
  const TiledNumbers given(at);
  const auto prepared = prepare(at.window, at.filters, Activation::elu, Threads(threads_of(at)));
  const Poisoned packed(prepared.packed_bytes);
  Poisoned scratch(prepared.scratch_bytes);
  const auto y = Poisoned::floats(at.y_size()), again = Poisoned::floats(at.y_size());
  prepared.run(given.x.data(), given.kernel.data(), given.bias.data(), y.as_floats(), scratch.data());
  EXPECT_TRUE(scratch.fences_stand() && y.fences_stand()) << to_string(at);
  std::vector<float> expected(given.dy.size());
  reference::convolution(at.window, at.filters, given.x.data(), given.kernel.data(), given.bias.data(), Activation::elu,
                         expected.data());
  EXPECT_LE(relative_distance(y.copy(), expected), rounding(at.window.kernel_h * at.window.kernel_w * at.window.c + 1))
      << to_string(at);
  scratch.poison();
  prepared.pack(given.kernel.data(), packed.data(), scratch.data());
  prepared.run_packed(given.x.data(), packed.data(), given.bias.data(), again.as_floats(), scratch.data());
  EXPECT_TRUE(scratch.fences_stand() && packed.fences_stand()) << to_string(at);
  EXPECT_EQ(y.copy(), again.copy()) << to_string(at);
}

template <class Prepare>
void expect_data_gradient(const Case& at, Prepare prepare) {
  const TiledNumbers given(at);
  const auto prepared = prepare(at.window, at.filters, Threads(threads_of(at)));
  const Poisoned scratch(prepared.scratch_bytes);
  const auto dx = Poisoned::floats(at.x_size());
  prepared.run(given.dy.data(), given.kernel.data(), dx.as_floats(), scratch.data());
  EXPECT_TRUE(scratch.fences_stand() && dx.fences_stand()) << to_string(at);
  std::vector<float> expected(given.x.size());
  reference::convolution_data_gradient(at.window, at.filters, given.dy.data(), given.kernel.data(), expected.data());
  EXPECT_LE(relative_distance(dx.copy(), expected), rounding(at.window.kernel_h * at.window.kernel_w * at.filters))
      << to_string(at);
}

TEST(TiledConvolution, IsTheReference) {
  for (const Case& at : tiled_cases()) expect_forward(at, tiled::prepare_convolution);
}

TEST(TiledConvolution, HasTheDataGradientOfTheReference) {
  for (const Case& at : tiled_cases()) expect_data_gradient(at, tiled::prepare_data_gradient);
}

TEST(TiledConvolution, HasTheKernelGradientOfTheReference) {
  for (const Case& at : tiled_cases()) {
    const TiledNumbers given(at);
    const auto prepared = tiled::prepare_kernel_gradient(at.window, at.filters, Threads(threads_of(at)));
    const Poisoned scratch(prepared.scratch_bytes);
    const auto dkernel = Poisoned::floats(at.kernel_size());
    prepared.run(given.x.data(), given.dy.data(), dkernel.as_floats(), scratch.data());
    EXPECT_TRUE(scratch.fences_stand() && dkernel.fences_stand()) << to_string(at);
    std::vector<float> expected(given.kernel.size());
    reference::convolution_kernel_gradient(at.window, at.filters, given.x.data(), given.dy.data(), expected.data());
    EXPECT_LE(relative_distance(dkernel.copy(), expected), rounding(at.window.n * at.window.oh * at.window.ow))
        << to_string(at);
  }
}

TEST(TiledConvolution, HasTheSameBitsWithAnyNumberOfThreads) {
  const Case at = make_case(Geometry{.n = 3, .image = {9, 9}, .c = 20, .filters = 40, .pad = {1, 1, 1, 1}});
  const TiledNumbers given(at);
  std::vector<std::vector<float>> results;
  for (const int count : {1, 2}) {
    const auto prepared = tiled::prepare_kernel_gradient(at.window, at.filters, Threads(count));
    const Poisoned scratch(prepared.scratch_bytes);
    const auto dkernel = Poisoned::floats(at.kernel_size());
    prepared.run(given.x.data(), given.dy.data(), dkernel.as_floats(), scratch.data());
    results.push_back(dkernel.copy());
  }
  EXPECT_EQ(results[0], results[1]);
}

/// A processor with AVX2 alone, or one with AVX-512.
Machine processor(bool avx512) {
  Machine machine;
  machine.avx2 = true;
  machine.avx512 = avx512;
  return machine;
}

TEST(TiledConvolution, ServesManyChannelsOnProcessorsWithAvx2Alone) {
  const Case at = make_case(Geometry{.n = 8, .image = {14, 14}, .c = 64, .filters = 64, .stride = {2, 2}});
  const Threads threads(1);
  for (const bool avx512 : {false, true}) {
    const Machine machine = processor(avx512);
    const auto forward = tiled::convolution(at.window, at.filters, true, Activation::relu, machine, threads);
    const auto data_gradient = tiled::convolution_data_gradient(at.window, at.filters, machine, threads);
    const auto kernel_gradient = tiled::convolution_kernel_gradient(at.window, at.filters, machine, threads);
    EXPECT_EQ(forward.has_value(), !avx512);
    EXPECT_EQ(data_gradient.has_value(), !avx512);
    EXPECT_EQ(kernel_gradient.has_value(), !avx512);
  }
}

TEST(WinogradConvolution, ServesEnoughTilesOfStrideOneOnProcessorsWithAvx2AloneOrAvx512InHalves) {
  const Threads threads(1);
  const auto serves_on = [&](const Geometry& geometry, const Machine& machine) {
    const Case at = make_case(geometry);
    return winograd::convolution(at.window, at.filters, true, Activation::relu, machine, threads).has_value();
  };
  const auto serves = [&](const Geometry& geometry, bool avx512) { return serves_on(geometry, processor(avx512)); };
  Geometry geometry{.n = 8, .image = {14, 14}, .c = 64, .filters = 64, .pad = {1, 1, 1, 1}};
  EXPECT_TRUE(serves(geometry, false));
  EXPECT_FALSE(serves(geometry, true));
  Machine in_halves = processor(true);
  in_halves.avx512_in_halves = true;
  EXPECT_TRUE(serves_on(geometry, in_halves));
  geometry.stride = {2, 2};
  EXPECT_FALSE(serves(geometry, false));
  geometry.stride = {1, 1}, geometry.n = 1, geometry.image = {7, 7};
  EXPECT_FALSE(serves(geometry, false));
}

// The bound is that of the direct form: what the transformations round away is small beside it.
TEST(WinogradConvolution, IsTheReference) {
  for (const Case& at : winograd_cases()) expect_forward(at, winograd::prepare_convolution);
}

TEST(WinogradConvolution, HasTheDataGradientOfTheReference) {
  for (const Case& at : winograd_cases()) expect_data_gradient(at, winograd::prepare_data_gradient);
}

/// The 2-norm of the error over that of the result.
double forward_error(const Case& at, const PreparedForward<float>& prepared) {
  const TiledNumbers given(at);
  const Poisoned scratch(prepared.scratch_bytes);
  const auto y = Poisoned::floats(at.y_size());
  prepared.run(given.x.data(), given.kernel.data(), nullptr, y.as_floats(), scratch.data());
  const std::vector<double> x(given.x.begin(), given.x.end()), kernel(given.kernel.begin(), given.kernel.end());
  std::vector<double> expected(given.dy.size());
  reference::convolution<double>(at.window, at.filters, x.data(), kernel.data(), nullptr, Activation::linear,
                                 expected.data());
  return relative_distance(y.copy(), expected);
}

TEST(WinogradConvolution, RoundsAtMostTwiceAsMuchAsTheDirectForm) {
  for (const std::int64_t c : {32, 128, 512}) {
    const Case at = make_case(Geometry{.image = {14, 14}, .c = c, .filters = 16, .pad = {1, 1, 1, 1}});
    const Threads threads(1);
    const double direct = forward_error(at, tiled::prepare_convolution(at.window, 16, Activation::linear, threads));
    const double ours = forward_error(at, winograd::prepare_convolution(at.window, 16, Activation::linear, threads));
    EXPECT_LE(ours, 2 * direct) << c;
    RecordProperty("error of the direct form, 1e-9", static_cast<int>(1e9 * direct));
    RecordProperty("error of Winograd's, 1e-9", static_cast<int>(1e9 * ours));
  }
}

}  // namespace
}  // namespace evenkeel::kernels
