// Pooling is separable: the rows of a window are joined first (w * c elements side by side, whatever c is), then its
// columns, from a buffer of one row that stays in the level-1 cache. Cost: forward reads each x once and writes each y
// once; the gradient of max reads x, y and dy and writes dx, that of the average reads dy and writes dx.

#include "evenkeel/kernels/pooling/pooling.h"

#include <limits>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/pooling/pooling_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// What pooling does with the elements of a window: it starts from first(), joins them, and finishes.
struct Maximum {
  static HWY_INLINE Vec first() { return hn::Set(kTag, -std::numeric_limits<float>::infinity()); }
  static HWY_INLINE Vec join(Vec most, Vec x) {
    return hn::IfThenElse(hn::Or(hn::Gt(x, most), hn::IsNaN(x)), x, most);  // Max would lose a NaN
  }
  static HWY_INLINE Vec finish(Vec most, std::int64_t /*count*/) { return most; }
};
struct Average {
  static HWY_INLINE Vec first() { return hn::Zero(kTag); }
  static HWY_INLINE Vec join(Vec sum, Vec x) { return hn::Add(sum, x); }
  static HWY_INLINE Vec finish(Vec sum, std::int64_t count) {
    return hn::Div(sum, hn::Set(kTag, static_cast<float>(count)));
  }
};

/// A row of floats for each range of a parallel loop; no two share a cache line.
struct RowBuffers {
  RowBuffers(Scratch& scratch, std::int64_t length, int ranges)
      : stride(whole_lines(length)), data(scratch.take<float>(stride * ranges)) {}
  float* of(int thread) const { return data + thread * stride; }

  std::int64_t stride;
  float* data;
};

/// Row i of the output of the image at x.
template <class Pool, class T>
HWY_INLINE void pool_row(const Window& window, std::int64_t i, const T* x, float* buffer, T* y) {
  const std::int64_t c = window.c, width = window.w * c;
  const Extent rows = window.rows_of(i);
  for_vectors(0, width, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    Vec joined = Pool::first();
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      joined = Pool::join(joined, lanes.load(x + row * width + k));
    lanes.store(joined, buffer + k);
  });
  for (std::int64_t j = 0; j < window.ow; ++j) {
    const Extent columns = window.columns_of(j);
    const std::int64_t count = rows.size() * columns.size();
    for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
      Vec joined = Pool::first();
      for (std::int64_t column = columns.begin; column < columns.end; ++column)
        joined = Pool::join(joined, lanes.load(buffer + column * c + k));
      lanes.store(Pool::finish(joined, count), y + j * c + k);
    });
  }
}

template <class Pool, class T>
HWY_INLINE void pool(const Window& window, const T* x, T* y, const Threads& threads, Scratch& scratch) {
  const std::int64_t width = window.w * window.c, grain = grain_of(window.kernel_h * width);
  const RowBuffers buffers(scratch, width, threads.ranges(window.n * window.oh, grain));
  threads.parallel(window.n * window.oh, grain, [&](std::int64_t begin, std::int64_t end, int thread) HWY_ATTR {
    for (std::int64_t row = begin; row < end; ++row)
      pool_row<Pool>(window, row % window.oh, x + row / window.oh * window.h * width, buffers.of(thread),
                     y + row * window.ow * window.c);
  });
}

template <class T>
void max_pool(const Window& window, In<T> x, Out<T> y, const Threads& threads, Scratch& scratch) {
  pool<Maximum>(window, x.data(), y.data(), threads, scratch);
}

template <class T>
void average_pool(const Window& window, In<T> x, Out<T> y, const Threads& threads, Scratch& scratch) {
  pool<Average>(window, x.data(), y.data(), threads, scratch);
}

/// Calls scatter(image, i, dx_of_the_image, thread) for each output row i of each image. An input row is zeroed just
/// before the first output row whose windows have it, so that it is still in the cache when that adds to it.
template <class T, class Scatter>
HWY_INLINE void scatter_rows(const Window& window, T* dx, const Threads& threads, Scatter scatter) {
  const std::int64_t width = window.w * window.c;
  threads.parallel(window.n, grain_of(window.h * width),
                   [&](std::int64_t begin, std::int64_t end, int thread) HWY_ATTR {
                     for (std::int64_t image = begin; image < end; ++image) {
                       T* dx_image = dx + image * window.h * width;
                       std::int64_t zeroed = 0;
                       const auto zero_up_to = [&](std::int64_t row) {
                         if (row <= zeroed) return;
                         std::fill_n(dx_image + zeroed * width, (row - zeroed) * width, T{});
                         zeroed = row;
                       };
                       for (std::int64_t i = 0; i < window.oh; ++i) {
                         zero_up_to(window.rows_of(i).end);
                         scatter(image, i, dx_image, thread);
                       }
                       zero_up_to(window.h);
                     }
                   });
}

/// Adds the gradient of output row i, from its y and dy, to the image's dx.
template <bool kOverlap, class T>
void max_pool_row_gradient(const Window& window, std::int64_t i, const T* x, const T* y, const T* dy, T* dx) {
  const std::int64_t c = window.c, width = window.w * c;
  const Extent rows = window.rows_of(i);
  for (std::int64_t j = 0; j < window.ow; ++j) {
    const Extent columns = window.columns_of(j);
    for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
      const Vec most = lanes.load(y + j * c + k);
      Vec left = lanes.load(dy + j * c + k);  // becomes 0 once it has been added to its maximum
      for (std::int64_t row = rows.begin; row < rows.end; ++row)
        for (std::int64_t column = columns.begin; column < columns.end; ++column) {
          const std::int64_t at = row * width + column * c + k;
          const auto found = hn::Eq(lanes.load(x + at), most);
          const Vec here = hn::IfThenElseZero(found, left);
          lanes.store(kOverlap ? hn::Add(lanes.load(dx + at), here) : here, dx + at);
          left = hn::IfThenZeroElse(found, left);
        }
    });
  }
}

template <class T>
void max_pool_gradient(const Window& window, In<T> x, In<T> y, In<T> dy, Out<T> dx, const Threads& threads) {
  const std::int64_t image_size = window.h * window.w * window.c, row_size = window.ow * window.c;
  const auto gradient_of_row = window.kernel_h > window.stride_h || window.kernel_w > window.stride_w
                                   ? max_pool_row_gradient<true, T>
                                   : max_pool_row_gradient<false, T>;
  scatter_rows(window, dx.data(), threads, [&](std::int64_t image, std::int64_t i, T* dx_image, int) HWY_ATTR {
    const std::int64_t at = (image * window.oh + i) * row_size;
    gradient_of_row(window, i, x.data() + image * image_size, y.data() + at, dy.data() + at, dx_image);
  });
}

/// The same for the average: spread over the columns in the buffer first, then added to each of the rows.
template <class T>
HWY_INLINE void average_pool_row_gradient(const Window& window, std::int64_t i, const T* dy, float* buffer, T* dx) {
  const std::int64_t c = window.c, width = window.w * c;
  const Extent rows = window.rows_of(i);
  std::fill_n(buffer, width, 0.0f);
  for (std::int64_t j = 0; j < window.ow; ++j) {
    const Extent columns = window.columns_of(j);
    const Vec count = hn::Set(kTag, static_cast<float>(rows.size() * columns.size()));
    for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
      const Vec share = hn::Div(lanes.load(dy + j * c + k), count);
      for (std::int64_t column = columns.begin; column < columns.end; ++column) {
        float* at = buffer + column * c + k;
        lanes.store(hn::Add(lanes.load(at), share), at);
      }
    });
  }
  for (std::int64_t row = rows.begin; row < rows.end; ++row)
    for_vectors(0, width, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
      T* at = dx + row * width + k;
      lanes.store(hn::Add(lanes.load(at), lanes.load(buffer + k)), at);
    });
}

template <class T>
void average_pool_gradient(const Window& window, In<T> dy, Out<T> dx, const Threads& threads, Scratch& scratch) {
  const std::int64_t width = window.w * window.c, row_size = window.ow * window.c;
  const RowBuffers buffers(scratch, width, threads.ranges(window.n, grain_of(window.h * width)));
  scatter_rows(window, dx.data(), threads, [&](std::int64_t image, std::int64_t i, T* dx_image, int thread) HWY_ATTR {
    average_pool_row_gradient(window, i, dy.data() + (image * window.oh + i) * row_size, buffers.of(thread), dx_image);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

std::size_t pooling_scratch(const Window& window, const Threads& threads) {
  return scratch_of<float>(whole_lines(window.w * window.c) * threads.count());
}

template <class T>
void max_pool(const Window& window, In<T> x, Out<T> y, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(max_pool<T>)(window, x, y, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(max_pool);

template <class T>
void max_pool_gradient(const Window& window, In<T> x, In<T> y, In<T> dy, Out<T> dx, const Threads& threads) {
  EVENKEEL_DISPATCH(max_pool_gradient<T>)(window, x, y, dy, dx, threads);
}
EVENKEEL_FOR_ELEMENTS(max_pool_gradient);

template <class T>
void average_pool(const Window& window, In<T> x, Out<T> y, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(average_pool<T>)(window, x, y, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(average_pool);

template <class T>
void average_pool_gradient(const Window& window, In<T> dy, Out<T> dx, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(average_pool_gradient<T>)(window, dy, dx, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(average_pool_gradient);

}  // namespace evenkeel::kernels
#endif
