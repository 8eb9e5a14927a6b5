#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/window.h"
#include "evenkeel/tensor/tensor.h"

// Shapes, numbers and memory for the tests of convolution and gemm.

namespace evenkeel::kernels {

/// This machine without its tiles, its dot products (if it has them) taken for fast.
inline Machine without_tiles() {
  Machine machine = Machine::here();
  machine.amx_bf16 = false;
  machine.fast_dots = true;
  return machine;
}

/// m, n and k of matrix products.
inline constexpr std::array<std::int64_t, 3> kProductSizes[] = {{1, 1, 1},     {1, 10, 100},   {250, 10, 512},
                                                                {64, 100, 76}, {7, 33, 5},     {100, 1, 17},
                                                                {3, 257, 129}, {512, 10, 250}, {31, 64, 1}};

enum class Pad { same, valid };

struct Case {
  Window window;
  std::int64_t filters = 1;

  std::int64_t x_size() const { return window.n * window.h * window.w * window.c; }
  std::int64_t y_size() const { return window.n * window.oh * window.ow * filters; }
  std::int64_t kernel_size() const { return window.kernel_h * window.kernel_w * window.c / window.groups * filters; }
};

/// `same` as Keras has it: ceil(size / stride) outputs, the odd pixel of padding at the end.
inline Case make_case(std::int64_t n, std::array<std::int64_t, 2> image, std::int64_t c, std::int64_t filters,
                      std::array<std::int64_t, 2> kernel, std::array<std::int64_t, 2> stride, Pad pad) {
  std::array<std::int64_t, 2> out{}, before{};
  for (std::size_t i = 0; i < 2; ++i) {
    out[i] = pad == Pad::same ? (image[i] + stride[i] - 1) / stride[i] : (image[i] - kernel[i]) / stride[i] + 1;
    if (pad == Pad::same) before[i] = std::max<std::int64_t>(0, (out[i] - 1) * stride[i] + kernel[i] - image[i]) / 2;
  }
  return {.window = {.n = n,
                     .h = image[0],
                     .w = image[1],
                     .c = c,
                     .kernel_h = kernel[0],
                     .kernel_w = kernel[1],
                     .stride_h = stride[0],
                     .stride_w = stride[1],
                     .pad_top = before[0],
                     .pad_left = before[1],
                     .oh = out[0],
                     .ow = out[1]},
          .filters = filters};
}

/// What a case of groups, dilation and padding in numbers may set. Padding: top, bottom, left, right.
struct Geometry {
  std::int64_t n = 1;
  std::array<std::int64_t, 2> image{1, 1};
  std::int64_t c = 1, filters = 1, groups = 1;
  std::array<std::int64_t, 2> kernel{3, 3}, stride{1, 1}, dilation{1, 1};
  std::array<std::int64_t, 4> pad{};
};

inline Case make_case(const Geometry& g) {
  std::array<std::int64_t, 2> out{};
  for (std::size_t i = 0; i < 2; ++i)
    out[i] = (g.image[i] + g.pad[2 * i] + g.pad[2 * i + 1] - (g.kernel[i] - 1) * g.dilation[i] - 1) / g.stride[i] + 1;
  return {.window = {.n = g.n,
                     .h = g.image[0],
                     .w = g.image[1],
                     .c = g.c,
                     .kernel_h = g.kernel[0],
                     .kernel_w = g.kernel[1],
                     .stride_h = g.stride[0],
                     .stride_w = g.stride[1],
                     .pad_top = g.pad[0],
                     .pad_left = g.pad[2],
                     .oh = out[0],
                     .ow = out[1],
                     .dilation_h = g.dilation[0],
                     .dilation_w = g.dilation[1],
                     .groups = g.groups},
          .filters = g.filters};
}

inline std::string to_string(const Case& at) {
  const Window& w = at.window;
  return fmt::format("n {} image {}x{}x{} kernel {}x{} stride {}x{} dilation {}x{} pad {},{} out {}x{}x{} groups {}",
                     w.n, w.h, w.w, w.c, w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w,
                     w.pad_top, w.pad_left, w.oh, w.ow, at.filters, w.groups);
}

/// Uniform in [-1, 1): element i of stream `index`.
template <class T = float>
std::vector<T> random_values(std::int64_t size, std::uint32_t index) {
  RandomStream stream({.seed = 5, .purpose = Purpose::study, .index = index});
  std::vector<T> values(static_cast<std::size_t>(size));
  for (T& value : values) value = static_cast<T>(stream.uniform(-1, 1));
  return values;
}

/// Memory full of NaNs, as an arena's may be, with a fence on either side.
class Poisoned {
 public:
  explicit Poisoned(std::size_t bytes) : bytes_(bytes), buffer_(bytes + 2 * kFence) { poison(); }
  static Poisoned floats(std::int64_t size) { return Poisoned(static_cast<std::size_t>(size) * sizeof(float)); }
  void poison() { std::memset(buffer_.data(), 0xff, buffer_.size()); }
  std::byte* data() const { return buffer_.data() + kFence; }
  float* as_floats() const { return reinterpret_cast<float*>(data()); }
  std::vector<float> copy() const { return {as_floats(), as_floats() + bytes_ / sizeof(float)}; }
  bool fences_stand() const {
    const auto intact = [](std::byte b) { return b == std::byte{0xff}; };
    return std::all_of(buffer_.data(), data(), intact) &&
           std::all_of(data() + bytes_, data() + bytes_ + kFence, intact);
  }

 private:
  static constexpr std::size_t kFence = 64 * kAlignment;
  std::size_t bytes_;
  AlignedBuffer buffer_;
};

/// ||a - b|| / ||b||, NaN if either has one.
template <class A, class B>
double relative_distance(const std::vector<A>& a, const std::vector<B>& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
    norm += double{b[i]} * double{b[i]};
  }
  return difference == 0 ? 0 : std::sqrt(difference / norm);
}

/// What fp32 may lose in sums of `terms` products of random sign: the partial sums grow as the root of the terms, and
/// each addition rounds one by 2^-24 of itself. That makes 0.2 * 2^-23 * sqrt(terms) of the result; four times as much
/// is allowed.
inline double rounding(std::int64_t terms) { return 1e-7 * (1 + std::sqrt(static_cast<double>(terms))); }

}  // namespace evenkeel::kernels
