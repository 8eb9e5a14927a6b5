// Cost, in bytes per element of x (a pooled one counts as 1/4 in windows of 2x2): the forward reads 4 and writes 1; the
// sums read 4 and 2; the data gradient reads 4 and 2 and writes 4. Everything else (coefficients, sums, one row of
// pooled numbers) stays in the level-1 cache. f and f' are computed on pooled numbers only, for whole rows, so that few
// channels cost no more than many.

#include "evenkeel/kernels/normalization/batch_norm_pool.h"

#include <type_traits>

#include "evenkeel/kernels/simd/grain.h"
#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/normalization/batch_norm_pool_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// One number of `count` for each range of a parallel loop; no two ranges share a cache line.
template <class T>
class PerRange {
 public:
  PerRange(Scratch& scratch, std::int64_t count, std::int64_t ranges)
      : stride_(whole_lines(count)), data_(scratch.take<T>(stride_ * ranges)) {}
  T* of(std::int64_t range) const { return data_ + range * stride_; }

 private:
  std::int64_t stride_;
  T* data_;
};

/// What a loop over the output rows of all images needs to know.
struct Rows {
  explicit Rows(const Window& w)
      : count(w.n * w.oh), grain(grain_of(w.kernel_h * w.w * w.c)), x_row(w.w * w.c), y_row(w.ow * w.c) {}

  std::int64_t count, grain, x_row, y_row;
};

/// Calls body(height, width, at, j) for each window of output row i: its size inside the image (constants if it is a
/// whole 2x2), and the place of its first pixel in the image.
template <class Body>
HWY_INLINE void for_windows(const Window& window, std::int64_t i, Body body) {
  const Extent rows = window.rows_of(i);
  const std::int64_t c = window.c, ow = window.ow, first = rows.begin * window.w * c;
  std::int64_t j = 0;
  if (window.kernel_h == 2 && window.kernel_w == 2 && rows.size() == 2 && window.pad_left == 0) {
    constexpr std::integral_constant<std::int64_t, 2> kTwo;
    for (const std::int64_t whole = window.w / 2; j < whole; ++j) body(kTwo, kTwo, first + 2 * j * c, j);
  }
  for (; j < ow; ++j) {
    const Extent columns = window.columns_of(j);
    body(rows.size(), columns.size(), first + columns.begin * c, j);
  }
}

/// The largest z of a window, and its x. Only the forward pass (kNaN) keeps a NaN, because the contract promises it
/// only there.
struct Largest {
  Vec z, x;
};

template <bool kNaN, class Lanes, class T, class Height, class Width>
HWY_INLINE Largest largest_of(Lanes lanes, const T* x, Height height, Width width, std::int64_t x_row, std::int64_t c,
                              Vec scale, Vec shift) {
  Largest most;
  most.x = lanes.load(x);
  most.z = hn::MulAdd(most.x, scale, shift);
  for (std::int64_t row = 0; row < height; ++row)
    for (std::int64_t column = 0; column < width; ++column) {
      if (row == 0 && column == 0) continue;
      const Vec here = lanes.load(x + row * x_row + column * c);
      const Vec z = hn::MulAdd(here, scale, shift);
      auto greater = hn::Gt(z, most.z);
      if constexpr (kNaN) greater = hn::Or(greater, hn::IsNaN(z));
      most.z = hn::IfThenElse(greater, z, most.z);
      most.x = hn::IfThenElse(greater, here, most.x);
    }
  return most;
}

template <class T>
HWY_INLINE void pool_row(const PooledNormalization<float>& of, std::int64_t i, const T* x, float* largest) {
  const Window window = of.window;
  const float *scale = of.scale.data(), *shift = of.shift.data();
  const std::int64_t c = window.c, x_row = window.w * c;
  for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    const Vec factor = lanes.load(scale + k), summand = lanes.load(shift + k);
    for_windows(window, i, [=](auto height, auto width, std::int64_t at, std::int64_t j) EVENKEEL_LOOP_BODY {
      lanes.store(largest_of<true>(lanes, x + at + k, height, width, x_row, c, factor, summand).z, largest + j * c + k);
    });
  });
}

template <class T>
HWY_INLINE void forward(const PooledNormalization<float>& of, const T* x, T* y, const Threads& threads,
                        Scratch& scratch) {
  const Window& window = of.window;
  const Rows rows(window);
  const PerRange<float> buffers(scratch, rows.y_row, threads.ranges(rows.count, rows.grain));
  threads.parallel(rows.count, rows.grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    float* const largest = buffers.of(range);
    for (std::int64_t row = begin; row < end; ++row) {
      pool_row(of, row % window.oh, x + row / window.oh * window.h * rows.x_row, largest);
      T* const y_at = y + row * rows.y_row;
      with_activation(of.f, [&](auto known) HWY_ATTR {
        for_vectors(0, rows.y_row, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
          lanes.store(known(lanes.load(largest + k)), y_at + k);
        });
      });
    }
  });
}

/// dz of a row of `n` pooled numbers.
template <class T>
HWY_INLINE void gradient_of_row(Activation f, const T* y, const T* dy, std::int64_t n, float* dz) {
  with_activation(f, [&](auto known) HWY_ATTR {
    for_vectors(0, n, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
      lanes.store(known.gradient(lanes, y + k, lanes.load(dy + k)), dz + k);
    });
  });
}

/// Adds dz and dz * (x* - mean) of output row i to sums [2, c].
template <class T>
HWY_INLINE void add_row(const PooledNormalization<float>& of, std::int64_t i, const T* x, const float* dz,
                        const float* mean, float* sums) {
  const Window window = of.window;
  const float *scale = of.scale.data(), *shift = of.shift.data();
  const std::int64_t c = window.c, x_row = window.w * c;
  for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    const Vec factor = lanes.load(scale + k), summand = lanes.load(shift + k), center = lanes.load(mean + k);
    Vec of_beta = lanes.load(sums + k), of_gamma = lanes.load(sums + c + k);
    for_windows(window, i, [&](auto height, auto width, std::int64_t at, std::int64_t j) EVENKEEL_LOOP_BODY {
      const Largest most = largest_of<false>(lanes, x + at + k, height, width, x_row, c, factor, summand);
      const Vec here = lanes.load(dz + j * c + k);
      of_beta = hn::Add(of_beta, here);
      of_gamma = hn::MulAdd(here, hn::Sub(most.x, center), of_gamma);
    });
    lanes.store(of_beta, sums + k);
    lanes.store(of_gamma, sums + c + k);
  });
}

template <class T>
HWY_INLINE void backward_sums(const PooledNormalization<float>& of, const T* x, const T* y, const T* dy,
                              const float* mean, std::span<const float> inv_std, std::span<float> dgamma,
                              std::span<float> dbeta, const Threads& threads, Scratch& scratch) {
  constexpr std::int64_t kBlock = 64;  // after so many terms an fp32 sum is added to a double, as in columns-inl.h
  const Window& window = of.window;
  const Rows rows(window);
  const std::int64_t c = window.c, ranges = threads.ranges(rows.count, rows.grain);
  const std::int64_t rows_of_block = std::max<std::int64_t>(kBlock / window.ow, 1);
  const PerRange<float> buffers(scratch, rows.y_row, ranges), blocks(scratch, 2 * c, ranges);
  const PerRange<double> partial(scratch, 2 * c, ranges);
  for (std::int64_t range = 0; range < ranges; ++range) std::fill_n(partial.of(range), 2 * c, 0.0);
  threads.parallel(rows.count, rows.grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    float *const dz = buffers.of(range), *const block = blocks.of(range);
    double* const sums = partial.of(range);
    for (std::int64_t first = begin; first < end; first += rows_of_block) {
      std::fill_n(block, 2 * c, 0.0f);
      for (std::int64_t row = first; row < std::min(first + rows_of_block, end); ++row) {
        gradient_of_row(of.f, y + row * rows.y_row, dy + row * rows.y_row, rows.y_row, dz);
        add_row(of, row % window.oh, x + row / window.oh * window.h * rows.x_row, dz, mean, block);
      }
      for (std::int64_t k = 0; k < 2 * c; ++k) sums[k] += double{block[k]};
    }
  });
  for (std::int64_t k = 0; k < c; ++k) {
    double of_beta = 0, of_gamma = 0;
    for (std::int64_t range = 0; range < ranges; ++range) {
      of_beta += partial.of(range)[k];
      of_gamma += partial.of(range)[c + k];
    }
    dbeta[k] = static_cast<float>(of_beta);
    dgamma[k] = static_cast<float>(of_gamma * double{inv_std[k]});
  }
}

/// The coefficients of the data gradient, per channel.
struct DataCoefficients {
  const float *mean, *a, *b, *c0;
};

/// dx of the pixels in the windows of output row i.
template <class T>
HWY_INLINE void spread_row(const PooledNormalization<float>& of, std::int64_t i, const T* x, const float* dz,
                           const DataCoefficients& by, T* dx) {
  const Window window = of.window;
  const float *scale = of.scale.data(), *shift = of.shift.data();
  const std::int64_t c = window.c, x_row = window.w * c;
  for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    const Vec factor = lanes.load(scale + k), summand = lanes.load(shift + k), center = lanes.load(by.mean + k);
    const Vec a = lanes.load(by.a + k), b = lanes.load(by.b + k), c0 = lanes.load(by.c0 + k);
    for_windows(window, i, [=](auto height, auto width, std::int64_t at, std::int64_t j) EVENKEEL_LOOP_BODY {
      const Vec most = largest_of<false>(lanes, x + at + k, height, width, x_row, c, factor, summand).z;
      Vec left = hn::Mul(a, lanes.load(dz + j * c + k));  // becomes 0 once it has been added to its maximum
      for (std::int64_t row = 0; row < height; ++row)
        for (std::int64_t column = 0; column < width; ++column) {
          const std::int64_t place = at + row * x_row + column * c + k;
          const Vec here = lanes.load(x + place);
          const auto found = hn::Eq(hn::MulAdd(here, factor, summand), most);
          const Vec rest = hn::MulAdd(b, hn::Sub(here, center), c0);
          lanes.store(hn::Add(rest, hn::IfThenElseZero(found, left)), dx + place);
          left = hn::IfThenZeroElse(found, left);
        }
    });
  });
}

/// dx of `count` pixels that are in no window.
template <class T>
HWY_INLINE void spread_none(std::int64_t count, std::int64_t c, const T* x, const DataCoefficients& by, T* dx) {
  for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    const Vec center = lanes.load(by.mean + k), b = lanes.load(by.b + k), c0 = lanes.load(by.c0 + k);
    for (std::int64_t i = 0; i < count; ++i)
      lanes.store(hn::MulAdd(b, hn::Sub(lanes.load(x + i * c + k), center), c0), dx + i * c + k);
  });
}

template <class T>
HWY_INLINE void data_gradient(const PooledNormalization<float>& of, const T* x, const T* y, const T* dy,
                              const DataCoefficients& by, T* dx, const Threads& threads, Scratch& scratch) {
  const Window& window = of.window;
  const Rows rows(window);
  const std::int64_t c = window.c, seen_columns = window.columns_of(window.ow - 1).end;
  const PerRange<float> buffers(scratch, rows.y_row, threads.ranges(rows.count, rows.grain));
  threads.parallel(rows.count, rows.grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    float* const dz = buffers.of(range);
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t i = row % window.oh, image = row / window.oh * window.h * rows.x_row;
      gradient_of_row(of.f, y + row * rows.y_row, dy + row * rows.y_row, rows.y_row, dz);
      spread_row(of, i, x + image, dz, by, dx + image);
      const Extent seen = window.rows_of(i);
      for (std::int64_t line = seen.begin; seen_columns < window.w && line < seen.end; ++line) {
        const std::int64_t at = image + line * rows.x_row + seen_columns * c;
        spread_none(window.w - seen_columns, c, x + at, by, dx + at);
      }
      if (i + 1 < window.oh || seen.end == window.h) continue;
      const std::int64_t at = image + seen.end * rows.x_row;
      spread_none((window.h - seen.end) * window.w, c, x + at, by, dx + at);
    }
  });
}

template <class T>
void batch_norm_pool(const PooledNormalization<float>& of, In<T> x, Out<T> y, const Threads& threads,
                     Scratch& scratch) {
  forward(of, x.data(), y.data(), threads, scratch);
}

template <class T>
void batch_norm_pool_sums(const PooledNormalization<float>& of, In<T> x, In<T> y, In<T> dy, std::span<const float> mean,
                          std::span<const float> inv_std, std::span<float> dgamma, std::span<float> dbeta,
                          const Threads& threads, Scratch& scratch) {
  backward_sums(of, x.data(), y.data(), dy.data(), mean.data(), inv_std, dgamma, dbeta, threads, scratch);
}

template <class T>
void batch_norm_pool_data_gradient(const PooledNormalization<float>& of, In<T> x, In<T> y, In<T> dy,
                                   std::span<const float> mean, std::span<const float> a, std::span<const float> b,
                                   std::span<const float> c0, Out<T> dx, const Threads& threads, Scratch& scratch) {
  data_gradient(of, x.data(), y.data(), dy.data(), {mean.data(), a.data(), b.data(), c0.data()}, dx.data(), threads,
                scratch);
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

std::size_t batch_norm_pool_scratch(const Window& window, const Threads& threads) {
  const std::int64_t row = whole_lines(window.ow * window.c), sums = whole_lines(2 * window.c), n = threads.count();
  return scratch_of<float>(row * n) + scratch_of<float>(sums * n) + scratch_of<double>(sums * n);
}

template <class T>
void batch_norm_pool(const PooledNormalization<float>& of, In<T> x, Out<T> y, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(batch_norm_pool<T>)(of, x, y, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(batch_norm_pool);

template <class T>
void batch_norm_pool_sums(const PooledNormalization<float>& of, In<T> x, In<T> y, In<T> dy, std::span<const float> mean,
                          std::span<const float> inv_std, std::span<float> dgamma, std::span<float> dbeta,
                          const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(batch_norm_pool_sums<T>)(of, x, y, dy, mean, inv_std, dgamma, dbeta, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(batch_norm_pool_sums);

template <class T>
void batch_norm_pool_data_gradient(const PooledNormalization<float>& of, In<T> x, In<T> y, In<T> dy,
                                   std::span<const float> mean, std::span<const float> a, std::span<const float> b,
                                   std::span<const float> c0, Out<T> dx, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(batch_norm_pool_data_gradient<T>)(of, x, y, dy, mean, a, b, c0, dx, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(batch_norm_pool_data_gradient);

}  // namespace evenkeel::kernels
#endif
