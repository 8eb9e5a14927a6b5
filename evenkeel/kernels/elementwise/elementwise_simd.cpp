// Cost: each element is read once and written once.

#include "evenkeel/kernels/elementwise/elementwise.h"

#include <algorithm>
#include <limits>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/elementwise/elementwise_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/activation-inl.h"
#include "evenkeel/kernels/simd/columns-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

using Input = std::span<const float>;
using Output = std::span<float>;

template <class T>
void add(In<T> a, In<T> b, Activation f, Out<T> y, const Threads& threads) {
  with_activation(f, [&](auto known) HWY_ATTR {
    for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
      lanes.store(known(hn::Add(lanes.load(a.data() + i), lanes.load(b.data() + i))), y.data() + i);
    });
  });
}

void subtract(Input a, Input b, Output y, const Threads& threads) {
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    lanes.store(hn::Sub(lanes.load(a.data() + i), lanes.load(b.data() + i)), y.data() + i);
  });
}

void multiply(Input a, Input b, Output y, const Threads& threads) {
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    lanes.store(hn::Mul(lanes.load(a.data() + i), lanes.load(b.data() + i)), y.data() + i);
  });
}

template <class From, class To>
HWY_INLINE void scale_offset_into(std::span<const From> x, float scale, float offset, std::span<To> y,
                                  const Threads& threads) {
  const Vec factor = hn::Set(kTag, scale), summand = hn::Set(kTag, offset);
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    lanes.store(hn::MulAdd(lanes.load(x.data() + i), factor, summand), y.data() + i);
  });
}

template <class T>
void scale_offset(In<T> x, float scale, float offset, Out<T> y, const Threads& threads) {
  scale_offset_into(x, scale, offset, y, threads);
}

void scale_offset_narrowed(Input x, float scale, float offset, std::span<bfloat16> y, const Threads& threads) {
  scale_offset_into(x, scale, offset, y, threads);
}

template <class From, class To>
HWY_INLINE void cast_into(std::span<const From> x, std::span<To> y, const Threads& threads) {
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    lanes.store(lanes.load(x.data() + i), y.data() + i);
  });
}

void cast_narrowed(Input x, std::span<bfloat16> y, const Threads& threads) { cast_into(x, y, threads); }

void cast_widened(std::span<const bfloat16> x, Output y, const Threads& threads) { cast_into(x, y, threads); }

void rsqrt(Input x, float epsilon, Output y, const Threads& threads) {
  const Vec one = hn::Set(kTag, 1.0f), summand = hn::Set(kTag, epsilon);
  const Vec nan = hn::Set(kTag, std::numeric_limits<float>::quiet_NaN());
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    const Vec sum = hn::Add(lanes.load(x.data() + i), summand);
    lanes.store(hn::IfThenElse(hn::Gt(sum, hn::Zero(kTag)), hn::Div(one, hn::Sqrt(sum)), nan), y.data() + i);
  });
}

template <class T>
void add_bias(InRows<T> x, Input bias, Activation f, OutRows<T> y, const Threads& threads, Scratch& scratch) {
  const Columns columns(x.rows, x.columns);
  const auto [summand] = columns.repeat<1>({bias.data()}, scratch);
  with_activation(f, [&, summand = summand](auto known) HWY_ATTR {
    columns.for_each(threads, [=](auto lanes, std::int64_t i, std::int64_t j) EVENKEEL_LOOP_BODY {
      lanes.store(known(hn::Add(lanes.load(x.data + i), lanes.load(summand + j))), y.data + i);
    });
  });
}

template <class T>
void add_bias_gradient(Activation f, InRows<T> y, InRows<T> dy, OutRows<T> dx, Output dbias, const Threads& threads,
                       Scratch& scratch) {
  const Columns columns(dy.rows, dy.columns);
  with_activation(f, [&](auto known) HWY_ATTR {
    const double* totals =
        columns.sum<1>(threads, scratch, [=](auto lanes, std::int64_t i, std::int64_t, Vec* sum) EVENKEEL_LOOP_BODY {
          const Vec dz = known.gradient(lanes, y.data + i, lanes.load(dy.data + i));
          lanes.store(dz, dx.data + i);
          *sum = hn::Add(*sum, dz);
        });
    for (std::size_t c = 0; c < dbias.size(); ++c) dbias[c] = static_cast<float>(totals[c]);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

template <class T>
void add(In<T> a, In<T> b, Activation f, Out<T> y, const Threads& threads) {
  EVENKEEL_DISPATCH(add<T>)(a, b, f, y, threads);
}
EVENKEEL_FOR_ELEMENTS(add);

void subtract(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads) {
  EVENKEEL_DISPATCH(subtract)(a, b, y, threads);
}

void multiply(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads) {
  EVENKEEL_DISPATCH(multiply)(a, b, y, threads);
}

template <class T>
void scale_offset(In<T> x, float scale, float offset, Out<T> y, const Threads& threads) {
  EVENKEEL_DISPATCH(scale_offset<T>)(x, scale, offset, y, threads);
}
EVENKEEL_FOR_ELEMENTS(scale_offset);

void scale_offset(std::span<const float> x, float scale, float offset, std::span<bfloat16> y, const Threads& threads) {
  EVENKEEL_DISPATCH(scale_offset_narrowed)(x, scale, offset, y, threads);
}

void cast(std::span<const float> x, std::span<bfloat16> y, const Threads& threads) {
  EVENKEEL_DISPATCH(cast_narrowed)(x, y, threads);
}

void cast(std::span<const bfloat16> x, std::span<float> y, const Threads& threads) {
  EVENKEEL_DISPATCH(cast_widened)(x, y, threads);
}

void rsqrt(std::span<const float> x, float epsilon, std::span<float> y, const Threads& threads) {
  EVENKEEL_DISPATCH(rsqrt)(x, epsilon, y, threads);
}

template <class T>
void add_bias(InRows<T> x, std::span<const float> bias, Activation f, OutRows<T> y, const Threads& threads,
              Scratch scratch) {
  EVENKEEL_DISPATCH(add_bias<T>)(x, bias, f, y, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(add_bias);

template <class T>
void add_bias_gradient(Activation f, InRows<T> y, InRows<T> dy, OutRows<T> dx, std::span<float> dbias,
                       const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(add_bias_gradient<T>)(f, y, dy, dx, dbias, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(add_bias_gradient);

// Rows are copied by memcpy.
template <class T>
void copy_columns_in(InRows<T> x, OutRows<T> y, std::int64_t at, const Threads& threads) {
  threads.parallel(x.rows, grain_of(x.columns), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) std::copy_n(x.row(i), x.columns, y.row(i) + at);
  });
}
EVENKEEL_FOR_ELEMENTS(copy_columns_in);

template <class T>
void copy_columns_out(InRows<T> x, std::int64_t at, OutRows<T> y, const Threads& threads) {
  threads.parallel(y.rows, grain_of(y.columns), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) std::copy_n(x.row(i) + at, y.columns, y.row(i));
  });
}
EVENKEEL_FOR_ELEMENTS(copy_columns_out);

}  // namespace evenkeel::kernels
#endif
