#include "evenkeel/kernels/convolution/winograd_transforms.h"

#include <algorithm>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/convolution/winograd_transforms.cpp"
#include "hwy/foreach_target.h"  // before any other header of Highway: a block of its own

#include "evenkeel/kernels/simd/activation-inl.h"
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

void winograd_input(const float* const* pixels, std::int64_t channels, float* v, std::int64_t stride) {
  for_vectors(0, channels, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    Vec t[4][4];
#pragma GCC unroll 4
    for (int column = 0; column < 4; ++column) {
      const Vec d0 = lanes.load(pixels[column] + i), d1 = lanes.load(pixels[4 + column] + i);
      const Vec d2 = lanes.load(pixels[8 + column] + i), d3 = lanes.load(pixels[12 + column] + i);
      t[0][column] = hn::Sub(d0, d2), t[1][column] = hn::Add(d1, d2);
      t[2][column] = hn::Sub(d2, d1), t[3][column] = hn::Sub(d1, d3);
    }
#pragma GCC unroll 4
    for (int row = 0; row < 4; ++row) {
      float* const to = v + 4 * row * stride + i;
      lanes.store(hn::Sub(t[row][0], t[row][2]), to);
      lanes.store(hn::Add(t[row][1], t[row][2]), to + stride);
      lanes.store(hn::Sub(t[row][2], t[row][1]), to + 2 * stride);
      lanes.store(hn::Sub(t[row][1], t[row][3]), to + 3 * stride);
    }
  });
}

template <class F>
HWY_INLINE void winograd_output_tile(const winograd::OutputTiles& all, std::int64_t tile, F f) {
  const float* const m = all.m + tile * all.channels;
  float* const* const y = all.outputs + 4 * tile;
  const std::int64_t stride = all.stride;
  const float* const bias = all.bias;
  float *const y0 = y[0], *const y1 = y[1], *const y2 = y[2], *const y3 = y[3];
  for_vectors(0, all.channels, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    Vec s[2][4];
#pragma GCC unroll 4
    for (int column = 0; column < 4; ++column) {
      const float* const from = m + column * stride + i;
      const Vec m0 = lanes.load(from), m1 = lanes.load(from + 4 * stride);
      const Vec m2 = lanes.load(from + 8 * stride), m3 = lanes.load(from + 12 * stride);
      s[0][column] = hn::Add(hn::Add(m0, m1), m2);
      s[1][column] = hn::Sub(hn::Sub(m1, m2), m3);
    }
    const Vec b = bias ? lanes.load(bias + i) : hn::Zero(kTag);
    const auto even = [&](int row) EVENKEEL_LOOP_BODY {
      return f(hn::Add(hn::Add(hn::Add(s[row][0], s[row][1]), s[row][2]), b));
    };
    const auto odd = [&](int row) EVENKEEL_LOOP_BODY {
      return f(hn::Add(hn::Sub(hn::Sub(s[row][1], s[row][2]), s[row][3]), b));
    };
    lanes.store(even(0), y0 + i);
    if (y1) lanes.store(odd(0), y1 + i);
    if (y2) lanes.store(even(1), y2 + i);
    if (y3) lanes.store(odd(1), y3 + i);
  });
}

void winograd_output(const winograd::OutputTiles& all) {
  with_activation(all.f, [&](auto f) HWY_ATTR {
    for (std::int64_t tile = 0; tile < all.count; ++tile) winograd_output_tile(all, tile, f);
  });
}

/// The 16 elements of transformed kernels, of as many neighbouring numbers as a vector has.
struct TransformedKernel {
  Vec u[winograd::kElements];

  template <class Lanes>
  HWY_INLINE TransformedKernel(Lanes lanes, const float* kernel, std::int64_t tap, bool rotated) {
    const Vec half = hn::Set(kTag, 0.5f);
    Vec t[4][3];
#pragma GCC unroll 3
    for (int b = 0; b < 3; ++b) {
      const auto row = [&](int a) EVENKEEL_LOOP_BODY {
        const int place = 3 * a + b;
        return lanes.load(kernel + (rotated ? 8 - place : place) * tap);
      };
      const Vec g0 = row(0), g1 = row(1), g2 = row(2), sum = hn::Add(g0, g2);
      t[0][b] = g0, t[3][b] = g2;
      t[1][b] = hn::Mul(half, hn::Add(sum, g1)), t[2][b] = hn::Mul(half, hn::Sub(sum, g1));
    }
#pragma GCC unroll 4
    for (int a = 0; a < 4; ++a) {
      const Vec sum = hn::Add(t[a][0], t[a][2]);
      u[4 * a] = t[a][0], u[4 * a + 3] = t[a][2];
      u[4 * a + 1] = hn::Mul(half, hn::Add(sum, t[a][1])), u[4 * a + 2] = hn::Mul(half, hn::Sub(sum, t[a][1]));
    }
  }
};

void winograd_kernel_panel(const winograd::KernelPart& part, std::int64_t first, std::int64_t count, float* u,
                           std::int64_t stride) {
  constexpr std::int64_t kPanel = 16;
  const std::int64_t tap = part.c * part.filters;
  if (count < kPanel)
    for (std::int64_t e = 0; e < winograd::kElements; ++e)
      std::fill_n(u + e * stride, (part.rotated ? part.filters : part.c) * kPanel, 0.0f);
  if (!part.rotated) {
    for (std::int64_t d = 0; d < part.c; ++d) {
      const float* const from = part.kernel + d * part.filters + first;
      for_vectors(0, count, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
        const TransformedKernel made(lanes, from + i, tap, false);
        for (std::int64_t e = 0; e < winograd::kElements; ++e) lanes.store(made.u[e], u + e * stride + d * kPanel + i);
      });
    }
    return;
  }
  for (std::int64_t column = 0; column < count; ++column) {
    const float* const from = part.kernel + (first + column) * part.filters;
    for_vectors(0, part.filters, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
      const TransformedKernel made(lanes, from + i, tap, true);
      HWY_ALIGN float numbers[kLanes];
      const std::int64_t used = std::min(kLanes, part.filters - i);
      for (std::int64_t e = 0; e < winograd::kElements; ++e) {
        hn::Store(made.u[e], kTag, numbers);
        for (std::int64_t k = 0; k < used; ++k) u[e * stride + (i + k) * kPanel + column] = numbers[k];
      }
    });
  }
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace evenkeel::kernels::winograd {

void transform_input(const float* const* pixels, std::int64_t channels, float* v, std::int64_t stride) {
  EVENKEEL_DISPATCH(winograd_input)(pixels, channels, v, stride);
}
void transform_output(const OutputTiles& tiles) { EVENKEEL_DISPATCH(winograd_output)(tiles); }
void transform_kernel_panel(const KernelPart& part, std::int64_t first, std::int64_t count, float* u,
                            std::int64_t stride) {
  EVENKEEL_DISPATCH(winograd_kernel_panel)(part, first, count, u, stride);
}

}  // namespace evenkeel::kernels::winograd

#endif  // HWY_ONCE
