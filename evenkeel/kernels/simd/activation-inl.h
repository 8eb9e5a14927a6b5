// The activations on vectors. Compiled once per target.

#include "evenkeel/kernels/simd/targets.h"

#if defined(EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_
#undef EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_
#else
#define EVENKEEL_KERNELS_SIMD_ACTIVATION_INL_H_
#endif

#include <iterator>
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

/// The g of f(x) = x g(x), and its derivative: an activation that is not monotone.
struct Gate {
  Vec g, slope;
};

/// x^2 as two numbers: sum and rest.
struct Square {
  Vec sum, rest;
};
HWY_INLINE Square square_of(Vec x) {
  // The upper half of the bits has an exact square, so this needs no fused multiplication.
  const hn::RebindToUnsigned<Tag> words;
  const Vec high = hn::BitCast(kTag, hn::And(hn::BitCast(words, x), hn::Set(words, 0xFFFFF000u)));
  const Vec low = hn::Sub(x, high), sum = hn::Mul(x, x);
  return {sum, hn::MulAdd(low, hn::Add(x, high), hn::Sub(hn::Mul(high, high), sum))};
}

/// exp(-x^2 / 2), as exact as exp.
HWY_INLINE Vec bell(Vec x) {
  // Past 15 it is 0, and squares must not overflow.
  const Vec size = hn::Abs(x), most = hn::Set(kTag, 15.0f);
  const Square square = square_of(hn::IfThenElse(hn::Gt(size, most), most, size));
  const Vec half = hn::Set(kTag, -0.5f), e = exp_of_negative(hn::Mul(square.sum, half));
  return hn::MulAdd(e, hn::Mul(square.rest, half), e);
}

/// The normal distribution: exp(-x^2 / 2) R(|x|) below 0, with R(x) = t P(t), t = 1 / (1 + 0.35 x), and P fitted to
/// 3e-8 over x in [0, 15] by least squares of the relative error, reweighted towards its maximum.
HWY_INLINE Gate normal_gate(Vec x) {
  constexpr float kFitted[] = {-0.029163994f, 0.14406113f, -0.25590256f, 0.1593937f, -0.023264376f,
                               0.10557503f,   0.11981544f, 0.13986434f,  0.13962126f};
  const Vec one = hn::Set(kTag, 1.0f), e = bell(x);
  const Vec t = hn::Div(one, hn::MulAdd(hn::Abs(x), hn::Set(kTag, 0.35f), one));
  Vec p = hn::Set(kTag, kFitted[0]);
  for (std::size_t i = 1; i < std::size(kFitted); ++i) p = hn::MulAdd(p, t, hn::Set(kTag, kFitted[i]));
  const Vec tail = hn::Mul(e, hn::Mul(p, t));
  return {hn::IfThenElse(hn::Lt(x, hn::Zero(kTag)), tail, hn::Sub(one, tail)),
          hn::Mul(e, hn::Set(kTag, 0.3989422804014327f))};
}

/// sigmoid(v(x)), of which v' is given.
HWY_INLINE Gate sigmoid_gate(Vec v, Vec v_slope) {
  const Vec one = hn::Set(kTag, 1.0f), e = exp_of_negative(hn::Neg(hn::Abs(v)));
  const Vec large = hn::Div(one, hn::Add(one, e)), small = hn::Mul(e, large);
  return {hn::IfThenElse(hn::Lt(v, hn::Zero(kTag)), small, large), hn::Mul(hn::Mul(small, large), v_slope)};
}

HWY_INLINE Gate gelu_tanh_gate(Vec x) {
  // Past 30 the sigmoid is 0 or 1 in any case, and the cube must not overflow.
  const Vec most = hn::Set(kTag, 30.0f);
  const Vec near = hn::IfThenElse(hn::Gt(hn::Abs(x), most), hn::CopySign(most, x), x), square = hn::Mul(near, near);
  const Vec steep = hn::Set(kTag, 1.5957691216057308f), one = hn::Set(kTag, 1.0f);
  const Vec v = hn::Mul(hn::Mul(near, steep), hn::MulAdd(square, hn::Set(kTag, 0.044715f), one));
  return sigmoid_gate(v, hn::Mul(steep, hn::MulAdd(square, hn::Set(kTag, 3 * 0.044715f), one)));
}

/// tanh(softplus(x)) = n / (n + d), with n = e^x (e^x + 2), d = 2; for x > 0 both times e^-2x.
HWY_INLINE Gate mish_gate(Vec x) {
  const Vec one = hn::Set(kTag, 1.0f), two = hn::Set(kTag, 2.0f);
  const Vec e = exp_of_negative(hn::Neg(hn::Abs(x)));
  const auto is_low = hn::Lt(x, hn::Zero(kTag));
  const Vec n = hn::IfThenElse(is_low, hn::Mul(e, hn::Add(e, two)), hn::MulAdd(e, two, one));
  const Vec d = hn::IfThenElse(is_low, two, hn::Mul(two, hn::Mul(e, e)));
  const Vec all = hn::Div(one, hn::Add(n, d)), g = hn::Mul(n, all);
  // (1 - g)(1 + g) sigmoid(x), with 1 - g = d / (n + d)
  const Vec logistic = hn::Div(hn::IfThenElse(is_low, e, one), hn::Add(one, e));
  return {g, hn::Mul(hn::Mul(hn::Mul(d, all), hn::Add(one, g)), logistic)};
}

HWY_INLINE Vec hard_sigmoid(Vec x) {
  const Vec six = hn::Set(kTag, 6.0f), shifted = hn::Add(x, hn::Set(kTag, 3.0f)), zero = hn::Zero(kTag);
  const Vec cut = hn::IfThenElse(hn::Gt(shifted, six), six, hn::IfThenZeroElse(hn::Lt(shifted, zero), shifted));
  return hn::Div(cut, six);
}

HWY_INLINE Gate hard_swish_gate(Vec x) {
  const auto inside = hn::Lt(hn::Abs(x), hn::Set(kTag, 3.0f));
  return {hard_sigmoid(x), hn::IfThenElseZero(inside, hn::Set(kTag, 1.0f / 6))};
}

/// An activation whose kind is known when the loop is compiled.
template <Activation::Kind kKind>
struct Known {
  using Kind = Activation::Kind;
  static constexpr bool kMonotone = Activation{kKind}.is_monotone();

  float a = 0, b = 0;  ///< its parameters

  /// f(x)
  HWY_INLINE Vec operator()(Vec x) const {
    const Vec zero = hn::Zero(kTag), one = hn::Set(kTag, 1.0f);
    if constexpr (kKind == Kind::relu) {
      return hn::IfThenZeroElse(hn::Lt(x, zero), x);  // Max would lose a NaN
    } else if constexpr (kKind == Kind::elu) {
      return hn::IfThenElse(hn::Gt(x, zero), x, hn::Mul(hn::Set(kTag, a), hn::Expm1(kTag, x)));
    } else if constexpr (kKind == Kind::sigmoid) {
      return sigmoid(x);
    } else if constexpr (kKind == Kind::tanh) {
      return hn::Tanh(kTag, x);
    } else if constexpr (kKind == Kind::leaky_relu) {
      return hn::IfThenElse(hn::Gt(x, zero), x, hn::Mul(x, hn::Set(kTag, a)));
    } else if constexpr (kKind == Kind::selu) {
      const Vec scale = hn::Set(kTag, static_cast<float>(kSeluScale));
      const Vec low = hn::Mul(hn::Set(kTag, static_cast<float>(kSeluScale * kSeluAlpha)), hn::Expm1(kTag, x));
      return hn::IfThenElse(hn::Gt(x, zero), hn::Mul(x, scale), low);
    } else if constexpr (kKind == Kind::clip) {
      const Vec low = hn::Set(kTag, a), high = hn::Set(kTag, b);
      return hn::IfThenElse(hn::Lt(x, low), low, hn::IfThenElse(hn::Gt(x, high), high, x));
    } else if constexpr (kKind == Kind::softplus) {
      const Vec rest = hn::Log1p(kTag, exp_of_negative(hn::Neg(hn::Abs(x))));
      return hn::Add(hn::IfThenZeroElse(hn::Lt(x, zero), x), rest);
    } else if constexpr (kKind == Kind::softsign) {
      const Vec size = hn::Abs(x);
      // Past 2^25 it is 1; infinity / infinity would be NaN.
      return hn::IfThenElse(hn::Gt(size, hn::Set(kTag, 0x1p25f)), hn::CopySign(one, x), hn::Div(x, hn::Add(one, size)));
    } else if constexpr (kKind == Kind::hard_sigmoid) {
      return hard_sigmoid(x);
    } else if constexpr (!kMonotone) {
      const Vec g = gate(x).g;
      return hn::IfThenZeroElse(hn::Eq(g, zero), hn::Mul(x, g));  // not -infinity * 0
    } else {
      return x;
    }
  }

  /// dy f'(x), with f' computed from `at`: f(x), or x itself if f is not monotone. Not of a linear f.
  HWY_INLINE Vec gradient(Vec at, Vec dy) const {
    const Vec zero = hn::Zero(kTag), one = hn::Set(kTag, 1.0f);
    if constexpr (kKind == Kind::relu) {
      return hn::Mul(dy, hn::IfThenElseZero(hn::Gt(at, zero), one));
    } else if constexpr (kKind == Kind::elu) {
      return hn::IfThenElse(hn::Gt(at, zero), dy, hn::MulAdd(dy, at, hn::Mul(dy, hn::Set(kTag, a))));
    } else if constexpr (kKind == Kind::sigmoid) {
      return hn::Mul(dy, hn::Mul(at, hn::Sub(one, at)));
    } else if constexpr (kKind == Kind::tanh) {
      return hn::Mul(dy, hn::NegMulAdd(at, at, one));
    } else if constexpr (kKind == Kind::leaky_relu) {
      return hn::IfThenElse(hn::Gt(at, zero), dy, hn::Mul(dy, hn::Set(kTag, a)));
    } else if constexpr (kKind == Kind::selu) {
      const Vec scale = hn::Set(kTag, static_cast<float>(kSeluScale));
      const Vec low = hn::Add(at, hn::Set(kTag, static_cast<float>(kSeluScale * kSeluAlpha)));
      return hn::Mul(dy, hn::IfThenElse(hn::Gt(at, zero), scale, low));
    } else if constexpr (kKind == Kind::clip) {
      const auto inside = hn::And(hn::Gt(at, hn::Set(kTag, a)), hn::Lt(at, hn::Set(kTag, b)));
      return hn::Mul(dy, hn::IfThenElseZero(inside, one));
    } else if constexpr (kKind == Kind::softplus) {
      return hn::Mul(dy, hn::Neg(hn::Expm1(kTag, hn::Neg(at))));
    } else if constexpr (kKind == Kind::softsign) {
      const Vec rest = hn::Sub(one, hn::Abs(at));
      return hn::Mul(dy, hn::Mul(rest, rest));
    } else if constexpr (kKind == Kind::hard_sigmoid) {
      const auto inside = hn::And(hn::Gt(at, zero), hn::Lt(at, one));
      return hn::Mul(dy, hn::IfThenElseZero(inside, hn::Set(kTag, 1.0f / 6)));
    } else if constexpr (!kMonotone) {
      const Gate of_x = gate(at);
      // Not infinity * 0.
      const Vec change = hn::IfThenZeroElse(hn::Eq(of_x.slope, zero), hn::Mul(at, of_x.slope));
      return hn::Mul(dy, hn::Add(of_x.g, change));
    } else {
      return dy;
    }
  }

  /// The same, with f(x) (or x) in memory. It is not read if f is linear.
  template <class Lanes, class T>
  HWY_INLINE Vec gradient(Lanes lanes, const T* at, Vec dy) const {
    if constexpr (kKind == Kind::linear)
      return dy;
    else
      return gradient(lanes.load(at), dy);
  }

 private:
  static HWY_INLINE Gate gate(Vec x) {
    if constexpr (kKind == Kind::gelu)
      return normal_gate(x);
    else if constexpr (kKind == Kind::gelu_tanh)
      return gelu_tanh_gate(x);
    else if constexpr (kKind == Kind::silu)
      return sigmoid_gate(x, hn::Set(kTag, 1.0f));
    else if constexpr (kKind == Kind::mish)
      return mish_gate(x);
    else
      return hard_swish_gate(x);
  }
};

/// Calls call(known) with f as a Known, so that the loop inside is compiled once for each kind of activation.
template <class Call>
HWY_INLINE void with_activation(const Activation& f, Call call) {
  using enum Activation::Kind;
  const auto as = [&]<Activation::Kind kind>(std::integral_constant<Activation::Kind, kind>) {
    call(Known<kind>{static_cast<float>(f.a), static_cast<float>(f.b)});
  };
#define EVENKEEL_CASE(kind) \
  case kind: return as(std::integral_constant<Activation::Kind, kind>{})
  switch (f.kind) {
    EVENKEEL_CASE(linear);
    EVENKEEL_CASE(relu);
    EVENKEEL_CASE(elu);
    EVENKEEL_CASE(Activation::Kind::sigmoid);
    EVENKEEL_CASE(Activation::Kind::tanh);
    EVENKEEL_CASE(leaky_relu);
    EVENKEEL_CASE(selu);
    EVENKEEL_CASE(clip);
    EVENKEEL_CASE(softplus);
    EVENKEEL_CASE(softsign);
    EVENKEEL_CASE(Activation::Kind::hard_sigmoid);
    EVENKEEL_CASE(gelu);
    EVENKEEL_CASE(gelu_tanh);
    EVENKEEL_CASE(silu);
    EVENKEEL_CASE(mish);
    EVENKEEL_CASE(hard_swish);
  }
#undef EVENKEEL_CASE
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
