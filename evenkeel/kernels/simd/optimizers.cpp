// Cost, in bytes per parameter: Adam reads 16 and writes 12, SGD reads 8 and writes 4, with momentum 12 and 8.

#include "evenkeel/kernels/optimizers.h"

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/simd/optimizers.cpp"
#include "hwy/foreach_target.h"

// Behind foreach_target.h, which makes them once for each target.
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

void sgd(std::span<float> parameters, std::span<const float> gradients, std::span<float> velocity, float learning_rate,
         float momentum, bool nesterov, const Threads& threads) {
  const Vec rate = hn::Set(kTag, learning_rate), kept = hn::Set(kTag, momentum);
  if (momentum == 0) {
    for_elements(parameters.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
      float* p = parameters.data() + i;
      lanes.store(hn::NegMulAdd(rate, lanes.load(gradients.data() + i), lanes.load(p)), p);
    });
    return;
  }
  for_elements(parameters.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    float *p = parameters.data() + i, *v_at = velocity.data() + i;
    const Vec step = hn::Mul(rate, lanes.load(gradients.data() + i));
    const Vec v = hn::MulSub(kept, lanes.load(v_at), step);
    lanes.store(v, v_at);
    lanes.store(hn::Add(lanes.load(p), nesterov ? hn::MulSub(kept, v, step) : v), p);
  });
}

void adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> m, std::span<float> v,
          float alpha, float beta_1, float beta_2, float epsilon, const Threads& threads) {
  const Vec step = hn::Set(kTag, alpha), eps = hn::Set(kTag, epsilon);
  const Vec weight_1 = hn::Set(kTag, 1.0f - beta_1), weight_2 = hn::Set(kTag, 1.0f - beta_2);
  for_elements(parameters.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
    float *p = parameters.data() + i, *m_at = m.data() + i, *v_at = v.data() + i;
    const Vec g = lanes.load(gradients.data() + i);
    const Vec old_m = lanes.load(m_at), old_v = lanes.load(v_at);
    const Vec new_m = hn::MulAdd(hn::Sub(g, old_m), weight_1, old_m);
    const Vec new_v = hn::MulAdd(hn::MulSub(g, g, old_v), weight_2, old_v);
    lanes.store(new_m, m_at);
    lanes.store(new_v, v_at);
    const Vec change = hn::Div(hn::Mul(step, new_m), hn::Add(hn::Sqrt(new_v), eps));
    lanes.store(hn::Sub(lanes.load(p), change), p);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

HWY_EXPORT(sgd);
void sgd(std::span<float> parameters, std::span<const float> gradients, std::span<float> velocity, float learning_rate,
         float momentum, bool nesterov, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(sgd)(parameters, gradients, velocity, learning_rate, momentum, nesterov, threads);
}

HWY_EXPORT(adam);
void adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> m, std::span<float> v,
          float alpha, float beta_1, float beta_2, float epsilon, const Threads& threads) {
  HWY_DYNAMIC_DISPATCH(adam)(parameters, gradients, m, v, alpha, beta_1, beta_2, epsilon, threads);
}

}  // namespace evenkeel::kernels
#endif
