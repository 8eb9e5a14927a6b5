// Cost: each row of the output is made from its input rows, which were read for the row above it already: they come
// from the level-1 or level-2 cache. From memory each input row is read once and each output row written once. A vector
// of channels of up to 8 neighbouring outputs is kept in registers, so that a vector of weights is read once for 8
// products, and inputs are read in the order in which they lie. bfloat16 is widened once per row, not once per tap.

#include "evenkeel/kernels/convolution/depthwise_simd.h"

#include <array>
#include <type_traits>

#include "evenkeel/kernels/simd/grain.h"
#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/convolution/depthwise_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

using depthwise::kMostTaps;
using depthwise::Phase;
using depthwise::Tap;
using depthwise::Walk;

template <class To, class From>
HWY_INLINE void copy_row(const From* from, std::int64_t width, To* to) {
  for_vectors(0, width,
              [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY { lanes.store(lanes.load(from + k), to + k); });
}

/// Rows of images as floats: those in memory, or copies of the last few, with zeros on either side.
template <class T>
class FloatRows {
 public:
  struct Size {
    std::int64_t width, rows;            ///< width: elements in memory
    std::int64_t before = 0, after = 0;  ///< zeros

    bool is_copied() const { return !std::is_same_v<T, float> || before + after > 0; }
    std::int64_t stride() const { return whole_lines(before + width + after); }
    std::size_t bytes() const {
      return is_copied() ? scratch_of<float>(stride() * rows) + scratch_of<std::int64_t>(rows) : 0;
    }
  };

  FloatRows(Scratch& scratch, const Size& size) : size_(size) {
    if (!size.is_copied()) return;
    copies_ = scratch.take<float>(size.stride() * size.rows);
    known_ = scratch.take<std::int64_t>(size.rows);
    std::fill_n(copies_, size.stride() * size.rows, 0.0f);
    std::fill_n(known_, size.rows, -1);
  }
  /// The row's first element or zero before it.
  HWY_INLINE const float* row(const T* x, std::int64_t index) {
    if constexpr (std::is_same_v<T, float>)
      if (!copies_) return x + index * size_.width;
    const std::int64_t slot = index % size_.rows;
    float* const copy = copies_ + slot * size_.stride();
    if (known_[slot] != index) copy_row(x + index * size_.width, size_.width, copy + size_.before);
    known_[slot] = index;
    return copy;
  }

 private:
  Size size_;
  float* copies_ = nullptr;
  std::int64_t* known_ = nullptr;
};

/// The rows that a walk reads at a time, and one row of its output.
template <class T>
typename FloatRows<T>::Size input_rows(const Walk& walk) {
  return {walk.in_w * walk.c, walk.rows_at_once(), walk.left * walk.c, walk.right * walk.c};
}
template <class T>
typename FloatRows<T>::Size output_row(const Walk& walk) {
  return {walk.out_w * walk.c, 1};
}
HWY_INLINE std::int64_t weights_of(const Walk& walk) { return walk.kernel_h * walk.kernel_w * walk.c; }

/// A tap at some outputs: the first of the input's channels, and of the weights (or of their sums).
template <class Weight>
struct Meeting {
  const float* x;
  Weight* w;
};
/// All taps at some outputs.
template <class Weight>
struct Meetings {
  std::array<Meeting<Weight>, kMostTaps * kMostTaps> all;
  std::int64_t count = 0;

  /// Those at column t of the phase. `rows`: by row tap, the row of the input.
  HWY_INLINE void gather(const Walk& walk, const std::vector<Tap>& row_taps, const float* const* rows,
                         const Phase& phase, std::int64_t t, Weight* weights) {
    count = 0;
    for (std::size_t a = 0; a < row_taps.size(); ++a)
      for (const Tap& tap : phase.taps) {
        const std::int64_t column = tap.of_input + t * phase.stride;
        if (column < 0 || column >= walk.left + walk.in_w + walk.right) continue;
        const std::int64_t of_kernel = row_taps[a].of_kernel * walk.kernel_w + tap.of_kernel;
        all[static_cast<std::size_t>(count++)] = {rows[a] + column * walk.c, weights + of_kernel * walk.c};
      }
  }
};

/// y of kOutputs neighbours: bias + the sum over taps. `at`: how far they are from those the meetings are at.
template <int kOutputs>
void weigh(const Meetings<const float>& taps, std::int64_t at, std::int64_t x_step, const float* bias, float* y,
           std::int64_t y_step, std::int64_t c) {
  const auto* const first = taps.all.data();
  const auto* const last = first + taps.count;
  for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    Vec sums[kOutputs];
    const Vec start = bias ? lanes.load(bias + k) : hn::Zero(kTag);
#pragma GCC unroll 8
    for (int q = 0; q < kOutputs; ++q) sums[q] = start;
    for (const auto* tap = first; tap != last; ++tap) {
      const Vec w = lanes.load(tap->w + k);
      const float* const x = tap->x + at + k;
#pragma GCC unroll 8
      for (int q = 0; q < kOutputs; ++q) sums[q] = hn::MulAdd(lanes.load(x + q * x_step), w, sums[q]);
    }
#pragma GCC unroll 8
    for (int q = 0; q < kOutputs; ++q) lanes.store(sums[q], y + q * y_step + k);
  });
}

/// Adds x * dy of kOutputs neighbours to the sums of each tap.
template <int kOutputs>
void add_products(const Meetings<float>& taps, std::int64_t at, std::int64_t x_step, const float* dy, std::int64_t c) {
  const auto* const first = taps.all.data();
  const auto* const last = first + taps.count;
  for_vectors(0, c, [=](auto lanes, std::int64_t k) EVENKEEL_LOOP_BODY {
    Vec of_output[kOutputs];
#pragma GCC unroll 8
    for (int q = 0; q < kOutputs; ++q) of_output[q] = lanes.load(dy + q * c + k);
    for (const auto* tap = first; tap != last; ++tap) {
      const float* const x = tap->x + at + k;
      Vec sum = lanes.load(tap->w + k);
#pragma GCC unroll 8
      for (int q = 0; q < kOutputs; ++q) sum = hn::MulAdd(lanes.load(x + q * x_step), of_output[q], sum);
      lanes.store(sum, tap->w + k);
    }
  });
}

/// Calls body(kOutputs as a type, t) for the columns [begin, end), as many at a time as registers hold: blocks of up to
/// 8, as equal as can be.
template <class Body>
HWY_INLINE void in_blocks(Extent columns, Body body) {
  std::int64_t blocks = (columns.size() + 7) / 8;
  for (std::int64_t t = columns.begin; blocks > 0; --blocks) {
    const std::int64_t outputs = (columns.end - t + blocks - 1) / blocks;
    switch (outputs) {
      case 1: body(std::integral_constant<int, 1>(), t); break;
      case 2: body(std::integral_constant<int, 2>(), t); break;
      case 3: body(std::integral_constant<int, 3>(), t); break;
      case 4: body(std::integral_constant<int, 4>(), t); break;
      case 5: body(std::integral_constant<int, 5>(), t); break;
      case 6: body(std::integral_constant<int, 6>(), t); break;
      case 7: body(std::integral_constant<int, 7>(), t); break;
      default: body(std::integral_constant<int, 8>(), t); break;
    }
    t += outputs;
  }
}

/// Calls body(kOutputs as a type, t, t of the meetings) for all columns of a phase, with the taps that they meet.
template <class Weight, class Body>
HWY_INLINE void for_columns(const Walk& walk, const std::vector<Tap>& row_taps, const float* const* rows,
                            const Phase& phase, Weight* weights, Meetings<Weight>& taps, Body body) {
  const auto at_the_rim = [&](std::int64_t t) HWY_ATTR {
    taps.gather(walk, row_taps, rows, phase, t, weights);
    body(std::integral_constant<int, 1>(), t, t);
  };
  for (std::int64_t t = 0; t < phase.inside.begin; ++t) at_the_rim(t);
  if (phase.inside.size() > 0) taps.gather(walk, row_taps, rows, phase, phase.inside.begin, weights);
  in_blocks(phase.inside, [&](auto outputs, std::int64_t t) HWY_ATTR { body(outputs, t, phase.inside.begin); });
  for (std::int64_t t = phase.inside.end; t < phase.count; ++t) at_the_rim(t);
}

/// The input rows of a row of the output.
template <class T>
HWY_INLINE void gather_rows(const Walk& walk, std::int64_t row, const T* x, FloatRows<T>& from,
                            std::array<const float*, kMostTaps>& rows) {
  const std::int64_t image = row / walk.out_h;
  const std::vector<Tap>& taps = walk.rows[static_cast<std::size_t>(row % walk.out_h)];
  for (std::size_t a = 0; a < taps.size(); ++a) rows[a] = from.row(x, image * walk.in_h + taps[a].of_input);
}

/// How many output rows make a grain.
HWY_INLINE std::int64_t grain_of_rows(const Walk& walk) {
  return grain_of(walk.out_w * walk.c * walk.kernel_h * walk.kernel_w / 4);
}

HWY_INLINE void activate_row(Activation f, float* y, std::int64_t width, const Threads& one) {
  if (f == Activation::linear) return;
  for (std::int64_t k = 0; k < width; k += kGrain) {
    const auto n = static_cast<std::size_t>(std::min(kGrain, width - k));
    activate<float>(f, {y + k, n}, {y + k, n}, one);
  }
}

template <class T>
void depthwise_convolve(const Walk& walk, const T* x, const T* kernel, const float* bias, Activation f, T* y,
                        const Threads& threads, const Threads& one, Scratch& scratch) {
  const std::int64_t width = walk.out_w * walk.c, c = walk.c;
  const auto of_inputs = input_rows<T>(walk);
  const float* const wide_kernel = FloatRows<T>(scratch, {weights_of(walk), 1}).row(kernel, 0);
  const std::size_t bytes = of_inputs.bytes() + output_row<T>(walk).bytes();
  const std::int64_t rows_in_all = walk.n * walk.out_h, grain = grain_of_rows(walk);
  const ScratchOfRanges memory(scratch, bytes, threads.ranges(rows_in_all, grain));
  threads.parallel(rows_in_all, grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    Scratch own = memory.of(range);
    FloatRows<T> inputs(own, of_inputs);
    std::array<const float*, kMostTaps> rows;
    Meetings<const float> taps;
    float* out = nullptr;
    if constexpr (!std::is_same_v<T, float>) out = own.take<float>(whole_lines(width));
    for (std::int64_t row = begin; row < end; ++row) {
      if constexpr (std::is_same_v<T, float>) out = y + row * width;
      gather_rows(walk, row, x, inputs, rows);
      for (const Phase& phase : walk.phases)
        for_columns(walk, walk.rows[static_cast<std::size_t>(row % walk.out_h)], rows.data(), phase, wide_kernel, taps,
                    [&](auto outputs, std::int64_t t, std::int64_t from) HWY_ATTR {
                      weigh<outputs()>(taps, (t - from) * phase.stride * c, phase.stride * c, bias,
                                       out + (phase.first + t * phase.step) * c, phase.step * c, c);
                    });
      activate_row(f, out, width, one);
      if constexpr (!std::is_same_v<T, float>) copy_row(out, width, y + row * width);
    }
  });
}

/// The sums of a thread: floats of some rows, and doubles of all before.
struct WeightSums {
  WeightSums(Scratch& scratch, std::int64_t n)
      : count(n), few(scratch.take<float>(whole_lines(n))), all(scratch.take<double>(whole_lines(n))) {
    std::fill_n(few, count, 0.0f);
    std::fill_n(all, count, 0.0);
  }
  static std::size_t bytes(std::int64_t n) {
    return scratch_of<float>(whole_lines(n)) + scratch_of<double>(whole_lines(n));
  }
  /// The doubles of the sums that began a thread's scratch memory.
  static double* of(Scratch scratch, std::int64_t n) {
    scratch.take<float>(whole_lines(n));
    return scratch.take<double>(whole_lines(n));
  }
  HWY_INLINE void settle() {
    for (std::int64_t k = 0; k < count; ++k) {
      all[k] += double{few[k]};
      few[k] = 0;
    }
  }

  std::int64_t count;
  float* few;
  double* all;
};

template <class T>
void depthwise_correlate(const Walk& walk, const T* x, const T* dy, float* dkernel, const Threads& threads,
                         Scratch& scratch) {
  constexpr std::int64_t kPixels = 64;  // of so many, float sums are added to a double, as in columns-inl.h
  const std::int64_t c = walk.c, weights = weights_of(walk), rows_in_all = walk.n * walk.out_h;
  const std::int64_t grain = grain_of_rows(walk), rows_of_block = (kPixels - 1) / walk.out_w + 1;
  const auto of_inputs = input_rows<T>(walk), of_gradients = output_row<T>(walk);
  const std::int64_t ranges = threads.ranges(rows_in_all, grain);
  const ScratchOfRanges memory(scratch, WeightSums::bytes(weights) + of_inputs.bytes() + of_gradients.bytes(), ranges);
  const Phase& phase = walk.phases.front();
  threads.parallel(rows_in_all, grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    Scratch own = memory.of(range);
    WeightSums sums(own, weights);
    FloatRows<T> inputs(own, of_inputs), gradients(own, of_gradients);
    std::array<const float*, kMostTaps> rows;
    Meetings<float> taps;
    for (std::int64_t row = begin; row < end; ++row) {
      gather_rows(walk, row, x, inputs, rows);
      const float* const of_row = gradients.row(dy, row);
      for_columns(walk, walk.rows[static_cast<std::size_t>(row % walk.out_h)], rows.data(), phase, sums.few, taps,
                  [&](auto outputs, std::int64_t t, std::int64_t from) HWY_ATTR {
                    add_products<outputs()>(taps, (t - from) * phase.stride * c, phase.stride * c, of_row + t * c, c);
                  });
      if ((row + 1 - begin) % rows_of_block == 0) sums.settle();
    }
    sums.settle();
  });
  double* const total = WeightSums::of(memory.of(0), weights);
  for (std::int64_t range = 1; range < ranges; ++range) {
    const double* const more = WeightSums::of(memory.of(range), weights);
    for (std::int64_t k = 0; k < weights; ++k) total[k] += more[k];
  }
  for (std::int64_t k = 0; k < weights; ++k) dkernel[k] = static_cast<float>(total[k]);
}

template <class T>
std::size_t depthwise_convolve_bytes(const Walk& walk, const Threads& threads) {
  const std::size_t of_range = input_rows<T>(walk).bytes() + output_row<T>(walk).bytes();
  return
      typename FloatRows<T>::Size{weights_of(walk), 1}.bytes() + of_range * static_cast<std::size_t>(threads.count());
}

template <class T>
std::size_t depthwise_correlate_bytes(const Walk& walk, const Threads& threads) {
  const std::size_t of_range =
      WeightSums::bytes(weights_of(walk)) + input_rows<T>(walk).bytes() + output_row<T>(walk).bytes();
  return of_range * static_cast<std::size_t>(threads.count());
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels::depthwise {

template <class T>
void convolve(const Walk& walk, const T* x, const T* kernel, const float* bias, Activation f, T* y,
              const Threads& threads, Scratch scratch) {
  const Threads one(1);  // the threads have rows of their own
  EVENKEEL_DISPATCH(depthwise_convolve<T>)(walk, x, kernel, bias, f, y, threads, one, scratch);
}
EVENKEEL_FOR_ELEMENTS(convolve);

template <class T>
std::size_t convolve_scratch(const Walk& walk, const Threads& threads) {
  return EVENKEEL_DISPATCH(depthwise_convolve_bytes<T>)(walk, threads);
}
EVENKEEL_FOR_ELEMENTS(convolve_scratch);

template <class T>
void correlate(const Walk& walk, const T* x, const T* dy, float* dkernel, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(depthwise_correlate<T>)(walk, x, dy, dkernel, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(correlate);

template <class T>
std::size_t correlate_scratch(const Walk& walk, const Threads& threads) {
  return EVENKEEL_DISPATCH(depthwise_correlate_bytes<T>)(walk, threads);
}
EVENKEEL_FOR_ELEMENTS(correlate_scratch);

}  // namespace evenkeel::kernels::depthwise
#endif
