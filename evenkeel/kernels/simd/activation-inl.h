// The activations on vectors. Compiled once per target.

#include "evenkeel/kernels/simd/targets.h"

#if defined(EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_
#undef EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_
#else
#define EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_
#endif

#include <type_traits>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/simd/vector-inl.h"
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// exp(x) for x <= 0. Highway's Exp returns 0 for NaN; this returns NaN.
HWY_INLINE Vec exp_of_negative(Vec x) { return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(kTag, x)); }

/// 1 / (1 + exp(-x)), computed from exp(-|x|), which cannot overflow.
HWY_INLINE Vec sigmoid(Vec x) {
  const Vec one = hn::Set(kTag, 1.0f);
  const Vec e = exp_of_negative(hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(kTag)), e, one), hn::Add(one, e));
}

/// f(x)
template <Activation f>
HWY_INLINE Vec activated(Vec x) {
  const Vec zero = hn::Zero(kTag);
  if constexpr (f == Activation::relu) {
    return hn::IfThenZeroElse(hn::Lt(x, zero), x);  // Max would lose a NaN
  } else if constexpr (f == Activation::elu) {
    return hn::IfThenElse(hn::Gt(x, zero), x, hn::Expm1(kTag, x));
  } else if constexpr (f == Activation::sigmoid) {
    return sigmoid(x);
  } else if constexpr (f == Activation::tanh) {
    return hn::Tanh(kTag, x);
  } else if constexpr (f == Activation::leaky_relu) {
    return hn::IfThenElse(hn::Gt(x, zero), x, hn::Mul(x, hn::Set(kTag, kLeakySlope)));
  } else {
    return x;
  }
}

/// dy * f'(x), with f' computed from y = f(x); y is not read when f is linear.
template <Activation f, class Lanes, class T>
HWY_INLINE Vec gradient(Lanes lanes, const T* y_at, Vec dy) {
  if constexpr (f == Activation::linear) return dy;
  const Vec y = f == Activation::linear ? dy : lanes.load(y_at);
  const Vec one = hn::Set(kTag, 1.0f);
  const auto positive = hn::Gt(y, hn::Zero(kTag));
  if constexpr (f == Activation::relu) {
    return hn::Mul(dy, hn::IfThenElseZero(positive, one));
  } else if constexpr (f == Activation::elu) {
    return hn::IfThenElse(positive, dy, hn::MulAdd(dy, y, dy));
  } else if constexpr (f == Activation::sigmoid) {
    return hn::Mul(dy, hn::Mul(y, hn::Sub(one, y)));
  } else if constexpr (f == Activation::tanh) {
    return hn::Mul(dy, hn::NegMulAdd(y, y, one));
  } else if constexpr (f == Activation::leaky_relu) {
    return hn::IfThenElse(positive, dy, hn::Mul(dy, hn::Set(kTag, kLeakySlope)));
  }
}

/// Calls call(f) with f as a type, so that the loop inside is compiled once for each activation.
template <class Call>
HWY_INLINE void with_activation(Activation f, Call call) {
  const auto as = [&]<Activation known>(std::integral_constant<Activation, known> constant) { call(constant); };
  switch (f) {
    case Activation::linear: return as(std::integral_constant<Activation, Activation::linear>{});
    case Activation::relu: return as(std::integral_constant<Activation, Activation::relu>{});
    case Activation::elu: return as(std::integral_constant<Activation, Activation::elu>{});
    case Activation::sigmoid: return as(std::integral_constant<Activation, Activation::sigmoid>{});
    case Activation::tanh: return as(std::integral_constant<Activation, Activation::tanh>{});
    case Activation::leaky_relu: return as(std::integral_constant<Activation, Activation::leaky_relu>{});
  }
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
