// Cost: each element is read once and written once.

#include "evenkeel/kernels/elementwise.h"

#include <algorithm>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/simd/elementwise.cpp"
#include "hwy/foreach_target.h"

// Behind foreach_target.h, which makes them once for each target.
#include "evenkeel/kernels/simd/activation-inl.h"
#include "evenkeel/kernels/simd/columns-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

using Input = std::span<const float>;
using Output = std::span<float>;

void add(Input a, Input b, Output y, const Threads& threads) {
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    lanes.store(hn::Add(lanes.load(a.data() + i), lanes.load(b.data() + i)), y.data() + i);
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

void scale_offset(Input x, float scale, float offset, Output y, const Threads& threads) {
  const Vec factor = hn::Set(kTag, scale), summand = hn::Set(kTag, offset);
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    lanes.store(hn::MulAdd(lanes.load(x.data() + i), factor, summand), y.data() + i);
  });
}

void rsqrt(Input x, float epsilon, Output y, const Threads& threads) {
  const Vec one = hn::Set(kTag, 1.0f), summand = hn::Set(kTag, epsilon);
  for_elements(y.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    lanes.store(hn::Div(one, hn::Sqrt(hn::Add(lanes.load(x.data() + i), summand))), y.data() + i);
  });
}

void add_bias(Matrix<const float> x, Input bias, Activation f, Matrix<float> y, const Threads& threads) {
  const Columns columns(x.rows, x.columns);
  const auto [summand] = columns.repeat<1>({bias.data()});
  with_activation(f, [&, summand = summand](auto known) HWY_ATTR {
    columns.for_each(threads, [=](auto lanes, std::int64_t i, std::int64_t j) EVENKEEL_LOOP_BODY {
      lanes.store(activated<known()>(hn::Add(lanes.load(x.data + i), lanes.load(summand + j))), y.data + i);
    });
  });
}

void add_bias_gradient(Activation f, Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, Output dbias,
                       const Threads& threads) {
  const Columns columns(dy.rows, dy.columns);
  with_activation(f, [&](auto known) HWY_ATTR {
    const double* totals =
        columns.sum<1>(threads, [=](auto lanes, std::int64_t i, std::int64_t, Vec* sum) EVENKEEL_LOOP_BODY {
          const Vec dz = gradient<known()>(lanes, y.data + i, lanes.load(dy.data + i));
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

HWY_EXPORT(add);
void add(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(add)(a, b, y, threads);
}

HWY_EXPORT(subtract);
void subtract(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(subtract)(a, b, y, threads);
}

HWY_EXPORT(multiply);
void multiply(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(multiply)(a, b, y, threads);
}

HWY_EXPORT(scale_offset);
void scale_offset(std::span<const float> x, float scale, float offset, std::span<float> y, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(scale_offset)(x, scale, offset, y, threads);
}

HWY_EXPORT(rsqrt);
void rsqrt(std::span<const float> x, float epsilon, std::span<float> y, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(rsqrt)(x, epsilon, y, threads);
}

HWY_EXPORT(add_bias);
void add_bias(Matrix<const float> x, std::span<const float> bias, Activation f, Matrix<float> y,
              const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(add_bias)(x, bias, f, y, threads);
}

HWY_EXPORT(add_bias_gradient);
void add_bias_gradient(Activation f, Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx,
                       std::span<float> dbias, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(add_bias_gradient)(f, y, dy, dx, dbias, threads);
}

// Copying rows is memcpy's business.
void copy_columns_in(Matrix<const float> x, Matrix<float> y, std::int64_t at, const Threads& threads) {
  threads.parallel(x.rows, grain_of(x.columns), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) std::copy_n(x.row(i), x.columns, y.row(i) + at);
  });
}

void copy_columns_out(Matrix<const float> x, std::int64_t at, Matrix<float> y, const Threads& threads) {
  threads.parallel(y.rows, grain_of(y.columns), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) std::copy_n(x.row(i) + at, y.columns, y.row(i));
  });
}

}  // namespace evenkeel::kernels
#endif
