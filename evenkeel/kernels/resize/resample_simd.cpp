// The rows of an output row are joined first (w * c elements side by side, whatever c is), then its columns, from a
// buffer of one row that stays in the level-1 cache. Rows and columns that are copies are copied, neighbours in one
// piece. Cost: reads each row of x once for each output row that has a tap on it, writes y once.

#include "evenkeel/kernels/resize/resample.h"

#include <algorithm>
#include <type_traits>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/resize/resample_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// y[k] = the sum over the taps of weight * x[tap.from * stride + k], for k in [0, n).
template <class From, class T>
HWY_INLINE void join(std::span<const Taps::Tap> taps, const From* x, std::int64_t stride, std::int64_t n, T* y) {
  const Taps::Tap *begin = taps.data(), *end = begin + taps.size();
  for_vectors(0, n, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    Vec sum = hn::Zero(kTag);
    for (const Taps::Tap* tap = begin; tap != end; ++tap)
      sum = hn::MulAdd(lanes.load(x + tap->from * stride + k), hn::Set(kTag, static_cast<float>(tap->weight)), sum);
    lanes.store(sum, y + k);
  });
}

template <class From, class T>
HWY_INLINE void copy(const From* x, std::int64_t n, T* y) {
  if constexpr (std::is_same_v<From, T>)
    std::copy_n(x, n, y);
  else
    for_vectors(0, n, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY { lanes.store(lanes.load(x + k), y + k); });
}

/// The columns of an output row, from the row x.
template <class From, class T>
HWY_INLINE void map_columns(const Taps& columns, std::int64_t c, const From* x, T* y) {
  const std::int64_t outputs = columns.outputs();
  for (std::int64_t j = 0; j < outputs;) {
    const std::int64_t first = j, from = columns.copied(j);
    if (from < 0) {
      join(columns.of(j), x, c, c, y + j * c);
      ++j;
      continue;
    }
    while (++j < outputs && columns.copied(j) == from + j - first) continue;
    copy(x + from * c, (j - first) * c, y + first * c);
  }
}

template <class T>
void resample(const Resampling& map, In<T> x, Out<T> y, const Threads& threads, Scratch& scratch) {
  const std::int64_t h = map.rows.inputs(), oh = map.rows.outputs();
  const std::int64_t width = map.columns.inputs() * map.c, y_width = map.columns.outputs() * map.c;
  const std::int64_t rows = map.n * oh, grain = grain_of(width + y_width), stride = whole_lines(width);
  float* const buffers = scratch.take<float>(stride * threads.ranges(rows, grain));
  threads.parallel(rows, grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    float* const joined = buffers + range * stride;
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t i = row % oh;
      const T* image = x.data() + row / oh * h * width;
      T* const to = y.data() + row * y_width;
      if (map.rows.of(i).empty()) {
        std::fill_n(to, y_width, T{});
      } else if (const std::int64_t from = map.rows.copied(i); from >= 0) {
        map_columns(map.columns, map.c, image + from * width, to);
      } else {
        join(map.rows.of(i), image, width, width, joined);
        map_columns(map.columns, map.c, static_cast<const float*>(joined), to);
      }
    }
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

std::size_t resample_scratch(const Resampling& map, const Threads& threads) {
  return scratch_of<float>(whole_lines(map.columns.inputs() * map.c) * threads.count());
}

template <class T>
void resample(const Resampling& map, In<T> x, Out<T> y, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(resample<T>)(map, x, y, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(resample);

}  // namespace evenkeel::kernels
#endif
