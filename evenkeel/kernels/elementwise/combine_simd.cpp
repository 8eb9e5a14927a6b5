// Cost: combine reads the large operand and writes as much; its gradient reads a and dy and writes da (reads 8 and
// writes 4 bytes per large element in float). The small operand and its sums stay in the cache.

#include "evenkeel/kernels/elementwise/combine.h"

#include <algorithm>
#include <type_traits>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/elementwise/combine_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/columns-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <Combination how>
HWY_INLINE Vec combined(Vec a, Vec b) {
  if constexpr (how == Combination::sum) {
    return hn::Add(a, b);
  } else if constexpr (how == Combination::difference) {
    return hn::Sub(a, b);
  } else if constexpr (how == Combination::product) {
    return hn::Mul(a, b);
  } else if constexpr (how == Combination::maximum) {
    return hn::IfThenElse(hn::Or(hn::Ge(a, b), hn::IsNaN(a)), a, b);
  } else if constexpr (how == Combination::minimum) {
    return hn::IfThenElse(hn::Or(hn::Le(a, b), hn::IsNaN(a)), a, b);
  } else {
    return hn::IfThenElse(hn::Gt(a, hn::Zero(kTag)), a, hn::Mul(a, b));
  }
}

struct BothGradients {
  Vec a, b;
};

template <Combination how>
HWY_INLINE BothGradients gradients(Vec a, Vec b, Vec dy) {
  const auto choose = [=](auto of_a) HWY_ATTR {
    return BothGradients{hn::IfThenElseZero(of_a, dy), hn::IfThenZeroElse(of_a, dy)};
  };
  if constexpr (how == Combination::sum) {
    return {dy, dy};
  } else if constexpr (how == Combination::difference) {
    return {dy, hn::Neg(dy)};
  } else if constexpr (how == Combination::product) {
    return {hn::Mul(dy, b), hn::Mul(dy, a)};
  } else if constexpr (how == Combination::maximum) {
    return choose(hn::Ge(a, b));
  } else if constexpr (how == Combination::minimum) {
    return choose(hn::Le(a, b));
  } else {
    const auto positive = hn::Gt(a, hn::Zero(kTag));
    return {hn::IfThenElse(positive, dy, hn::Mul(dy, b)), hn::IfThenZeroElse(positive, hn::Mul(dy, a))};
  }
}

/// Calls call(how) with it as a constant, so that the loop inside is compiled once for each.
template <class Call>
HWY_INLINE void with_combination(Combination how, Call call) {
  switch (how) {
    case Combination::sum: return call(std::integral_constant<Combination, Combination::sum>{});
    case Combination::difference: return call(std::integral_constant<Combination, Combination::difference>{});
    case Combination::product: return call(std::integral_constant<Combination, Combination::product>{});
    case Combination::maximum: return call(std::integral_constant<Combination, Combination::maximum>{});
    case Combination::minimum: return call(std::integral_constant<Combination, Combination::minimum>{});
    case Combination::slope: return call(std::integral_constant<Combination, Combination::slope>{});
  }
}

/// A row of the small operand as floats: itself, or a copy.
HWY_INLINE const float* as_floats(const float* row, std::int64_t, Scratch&) { return row; }
HWY_INLINE const float* as_floats(const bfloat16* row, std::int64_t n, Scratch& scratch) {
  float* floats = scratch.take<float>(n);
  for_vectors(0, n,
              [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY { lanes.store(lanes.load(row + i), floats + i); });
  return floats;
}

/// Calls body(o, threads, scratch) for each outer index: on all threads at once, each with one thread, or, if there are
/// fewer of them than threads, one after another with all.
template <class Body>
HWY_INLINE void for_outer(const Repetition& over, const Threads& threads, Scratch& scratch, Body body) {
  if (over.outer < threads.count()) {
    for (std::int64_t o = 0; o < over.outer; ++o) {
      Scratch own = scratch.rest();
      body(o, threads, own);
    }
    return;
  }
  const std::int64_t grain = grain_of(over.middle * over.inner);
  ScratchOfRanges memory(scratch, combine_row_bytes(over.inner, Threads(1)), threads.ranges(over.outer, grain));
  threads.parallel(over.outer, grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    const Threads one(1);
    for (std::int64_t o = begin; o < end; ++o) {
      Scratch own = memory.of(range);
      body(o, one, own);
    }
  });
}

template <class T>
void combine(Combination how, const Repetition& over, In<T> a, In<T> b, Out<T> y, const Threads& threads,
             Scratch& scratch) {
  with_combination(how, [&](auto known) HWY_ATTR {
    constexpr Combination kHow = known();
    if (over.middle == 1) {
      for_elements(a.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
        lanes.store(combined<kHow>(lanes.load(a.data() + i), lanes.load(b.data() + i)), y.data() + i);
      });
      return;
    }
    for_outer(over, threads, scratch, [&](std::int64_t o, const Threads& some, Scratch& own) HWY_ATTR {
      const Columns columns(over.middle, over.inner);
      const float* row = as_floats(b.data() + o * over.inner, over.inner, own);
      const float* repeated = columns.repeat<1>({row}, own)[0];
      const T* from = a.data() + o * over.middle * over.inner;
      T* to = y.data() + o * over.middle * over.inner;
      columns.for_each(some, [=](auto lanes, std::int64_t i, std::int64_t j) EVENKEEL_LOOP_BODY {
        lanes.store(combined<kHow>(lanes.load(from + i), lanes.load(repeated + j)), to + i);
      });
    });
  });
}

template <class T, class S>
HWY_INLINE void both_gradients(Combination how, const Repetition& over, In<T> a, In<T> b, In<T> dy, Out<T> da,
                               Out<S> db, const Threads& threads, Scratch& scratch) {
  with_combination(how, [&](auto known) HWY_ATTR {
    constexpr Combination kHow = known();
    if (over.middle == 1) {
      for_elements(a.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
        const BothGradients both =
            gradients<kHow>(lanes.load(a.data() + i), lanes.load(b.data() + i), lanes.load(dy.data() + i));
        lanes.store(both.a, da.data() + i);
        lanes.store(both.b, db.data() + i);
      });
      return;
    }
    for_outer(over, threads, scratch, [&](std::int64_t o, const Threads& some, Scratch& own) HWY_ATTR {
      const Columns columns(over.middle, over.inner);
      const float* row = as_floats(b.data() + o * over.inner, over.inner, own);
      const float* repeated = columns.repeat<1>({row}, own)[0];
      const std::int64_t first = o * over.middle * over.inner;
      const T *a_at = a.data() + first, *dy_at = dy.data() + first;
      T* da_at = da.data() + first;
      const double* totals =
          columns.sum<1>(some, own, [=](auto lanes, std::int64_t i, std::int64_t j, Vec* sum) EVENKEEL_LOOP_BODY {
            const BothGradients both =
                gradients<kHow>(lanes.load(a_at + i), lanes.load(repeated + j), lanes.load(dy_at + i));
            lanes.store(both.a, da_at + i);
            *sum = hn::Add(*sum, both.b);
          });
      S* db_at = db.data() + o * over.inner;
      for (std::int64_t i = 0; i < over.inner; ++i) db_at[i] = static_cast<S>(static_cast<float>(totals[i]));
    });
  });
}

template <class T>
void combine_gradient(Combination how, const Repetition& over, In<T> a, In<T> b, In<T> dy, Out<T> da, Out<T> db,
                      const Threads& threads, Scratch& scratch) {
  both_gradients<T, T>(how, over, a, b, dy, da, db, threads, scratch);
}

template <class T>
void combine_gradient_precise(Combination how, const Repetition& over, In<T> a, In<T> b, In<T> dy, Out<T> da,
                              std::span<float> db, const Threads& threads, Scratch& scratch) {
  both_gradients<T, float>(how, over, a, b, dy, da, db, threads, scratch);
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

std::optional<Repetition> repetition_of(const Shape& large, const Shape& small) {
  if (large.rank() != small.rank()) return {};
  Repetition over;
  bool ended = false;
  for (int axis = 0; axis < large.rank(); ++axis) {
    const std::int64_t size = large[axis];
    if (size == small[axis]) {
      if (size == 1) continue;
      ended = over.middle > 1;
      (ended ? over.inner : over.outer) *= size;
    } else if (small[axis] == 1 && !ended) {
      over.middle *= size;
    } else {
      return {};
    }
  }
  // Without a repetition all is one row.
  return over;
}

std::size_t combine_row_bytes(std::int64_t inner, const Threads& threads) {
  return scratch_of<float>(inner) + repeat_bytes(1, inner) + sum_bytes(1, inner, threads);
}

std::size_t combine_bytes(const Repetition& over, const Threads& threads) {
  if (over.middle == 1) return 0;
  const std::size_t apart = static_cast<std::size_t>(threads.count()) * combine_row_bytes(over.inner, Threads(1));
  return std::max(combine_row_bytes(over.inner, threads), apart);
}

template <class T>
void combine(Combination how, const Repetition& over, In<T> a, In<T> b, Out<T> y, const Threads& threads,
             Scratch scratch) {
  EVENKEEL_DISPATCH(combine<T>)(how, over, a, b, y, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(combine);

template <class T>
void combine_gradient(Combination how, const Repetition& over, In<T> a, In<T> b, In<T> dy, Out<T> da, Out<T> db,
                      const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(combine_gradient<T>)(how, over, a, b, dy, da, db, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(combine_gradient);

template <class T>
void combine_gradient_precise(Combination how, const Repetition& over, In<T> a, In<T> b, In<T> dy, Out<T> da,
                              std::span<float> db, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(combine_gradient_precise<T>)(how, over, a, b, dy, da, db, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(combine_gradient_precise);

}  // namespace evenkeel::kernels
#endif
