// Cost, in bytes per parameter: Adam reads 16 and writes 12, SGD reads 8 and writes 4, with momentum 12 and 8; a moving
// average reads 8 and writes 4, a norm reads 4. Adjusting reads no more memory; a loop without it is compiled for the
// case that nothing is to be adjusted.

#include "evenkeel/kernels/optimizer/optimizers.h"

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/optimizer/optimizers_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/columns-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// No adjustment.
struct AsIs {
  HWY_INLINE Vec gradient(Vec g) const { return g; }
  HWY_INLINE Vec parameter(Vec p) const { return p; }
};

class Adjusted {
 public:
  explicit Adjusted(const Adjustment& a)
      : scale_(hn::Set(kTag, static_cast<float>(a.gradient_scale))),
        limit_(hn::Set(kTag, static_cast<float>(a.clip_value))),
        decay_(hn::Set(kTag, static_cast<float>(a.decay))) {}
  HWY_INLINE Vec gradient(Vec g) const {
    const Vec scaled = hn::Mul(g, scale_);
    // Not Min and Max, which would lose a NaN.
    return hn::IfThenElse(hn::Gt(hn::Abs(scaled), limit_), hn::CopySign(limit_, scaled), scaled);
  }
  HWY_INLINE Vec parameter(Vec p) const { return hn::NegMulAdd(decay_, p, p); }

 private:
  Vec scale_, limit_, decay_;
};

template <class Adjust>
HWY_INLINE void sgd_adjusted(std::span<float> parameters, std::span<const float> gradients, std::span<float> velocity,
                             float learning_rate, float momentum, bool nesterov, Adjust adjust,
                             const Threads& threads) {
  const Vec rate = hn::Set(kTag, learning_rate), kept = hn::Set(kTag, momentum);
  if (momentum == 0) {
    for_elements(parameters.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
      float* p = parameters.data() + i;
      const Vec g = adjust.gradient(lanes.load(gradients.data() + i));
      lanes.store(hn::NegMulAdd(rate, g, adjust.parameter(lanes.load(p))), p);
    });
    return;
  }
  for_elements(parameters.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    float *p = parameters.data() + i, *v_at = velocity.data() + i;
    const Vec step = hn::Mul(rate, adjust.gradient(lanes.load(gradients.data() + i)));
    const Vec v = hn::MulSub(kept, lanes.load(v_at), step);
    lanes.store(v, v_at);
    lanes.store(hn::Add(adjust.parameter(lanes.load(p)), nesterov ? hn::MulSub(kept, v, step) : v), p);
  });
}

void sgd(std::span<float> parameters, std::span<const float> gradients, std::span<float> velocity, float learning_rate,
         float momentum, bool nesterov, const Adjustment& adjustment, const Threads& threads) {
  if (adjustment == Adjustment())
    sgd_adjusted(parameters, gradients, velocity, learning_rate, momentum, nesterov, AsIs(), threads);
  else
    sgd_adjusted(parameters, gradients, velocity, learning_rate, momentum, nesterov, Adjusted(adjustment), threads);
}

template <class Adjust>
HWY_INLINE void adam_adjusted(std::span<float> parameters, std::span<const float> gradients, std::span<float> m,
                              std::span<float> v, float alpha, float beta_1, float beta_2, float epsilon, Adjust adjust,
                              const Threads& threads) {
  const Vec step = hn::Set(kTag, alpha), eps = hn::Set(kTag, epsilon);
  const Vec weight_1 = hn::Set(kTag, 1.0f - beta_1), weight_2 = hn::Set(kTag, 1.0f - beta_2);
  for_elements(parameters.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    float *p = parameters.data() + i, *m_at = m.data() + i, *v_at = v.data() + i;
    const Vec g = adjust.gradient(lanes.load(gradients.data() + i));
    const Vec old_m = lanes.load(m_at), old_v = lanes.load(v_at);
    const Vec new_m = hn::MulAdd(hn::Sub(g, old_m), weight_1, old_m);
    const Vec new_v = hn::MulAdd(hn::MulSub(g, g, old_v), weight_2, old_v);
    lanes.store(new_m, m_at);
    lanes.store(new_v, v_at);
    const Vec change = hn::Div(hn::Mul(step, new_m), hn::Add(hn::Sqrt(new_v), eps));
    lanes.store(hn::Sub(adjust.parameter(lanes.load(p)), change), p);
  });
}

void adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> m, std::span<float> v,
          float alpha, float beta_1, float beta_2, float epsilon, const Adjustment& adjustment,
          const Threads& threads) {
  if (adjustment == Adjustment())
    adam_adjusted(parameters, gradients, m, v, alpha, beta_1, beta_2, epsilon, AsIs(), threads);
  else
    adam_adjusted(parameters, gradients, m, v, alpha, beta_1, beta_2, epsilon, Adjusted(adjustment), threads);
}

void moving_average(std::span<const float> x, float weight, std::span<float> average, const Threads& threads) {
  const Vec share = hn::Set(kTag, weight);
  for_elements(x.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    float* at = average.data() + i;
    const Vec old = lanes.load(at);
    lanes.store(hn::MulAdd(share, hn::Sub(lanes.load(x.data() + i), old), old), at);
  });
}

double squared_norm(std::span<const float> x, const Threads& threads, Scratch& scratch) {
  const Columns elements(static_cast<std::int64_t>(x.size()), 1);
  return elements.sum<1>(threads, scratch, [=](auto lanes, std::int64_t i, std::int64_t, Vec* sums) EVENKEEL_LOOP_BODY {
    const Vec value = lanes.load(x.data() + i);
    sums[0] = hn::MulAdd(value, value, sums[0]);
  })[0];
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

void sgd(std::span<float> parameters, std::span<const float> gradients, std::span<float> velocity, float learning_rate,
         float momentum, bool nesterov, const Adjustment& adjustment, const Threads& threads) {
  EVENKEEL_DISPATCH(sgd)(parameters, gradients, velocity, learning_rate, momentum, nesterov, adjustment, threads);
}

void adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> m, std::span<float> v,
          float alpha, float beta_1, float beta_2, float epsilon, const Adjustment& adjustment,
          const Threads& threads) {
  EVENKEEL_DISPATCH(adam)(parameters, gradients, m, v, alpha, beta_1, beta_2, epsilon, adjustment, threads);
}

void moving_average(std::span<const float> x, float weight, std::span<float> average, const Threads& threads) {
  EVENKEEL_DISPATCH(moving_average)(x, weight, average, threads);
}

double squared_norm(std::span<const float> x, const Threads& threads, Scratch scratch) {
  return EVENKEEL_DISPATCH(squared_norm)(x, threads, scratch);
}

}  // namespace evenkeel::kernels
#endif
