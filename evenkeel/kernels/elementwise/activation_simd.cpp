// Cost: activate reads 4 and writes 4 bytes per element; its gradient reads 8 and writes 4.

#include "evenkeel/kernels/elementwise/activation.h"

#include <cmath>
#include <limits>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/elementwise/activation_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <class T>
void activate(Activation f, In<T> x, Out<T> y, const Threads& threads) {
  if (f == Activation::linear && x.data() == y.data()) return;
  with_activation(f, [&](auto known) HWY_ATTR {
    for_elements(x.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
      lanes.store(known(lanes.load(x.data() + i)), y.data() + i);
    });
  });
}

template <class T>
void activate_gradient(Activation f, In<T> y, In<T> dy, Out<T> dx, const Threads& threads) {
  with_activation(f, [&](auto known) HWY_ATTR {
    for_elements(dx.size(), threads, [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY {
      lanes.store(known.gradient(lanes, y.data() + i, lanes.load(dy.data() + i)), dx.data() + i);
    });
  });
}

/// A sum in double: in fp32 thousands of terms of one sign cost some six bits.
class PreciseSum {
 public:
  HWY_INLINE PreciseSum() : sum_(hn::Zero(kWide)) {}
  HWY_INLINE void add(Vec terms) {
    sum_ = hn::Add(sum_, hn::PromoteTo(kWide, hn::LowerHalf(kHalf, terms)));
    sum_ = hn::Add(sum_, hn::PromoteTo(kWide, hn::UpperHalf(kHalf, terms)));
  }
  HWY_INLINE float total() const { return static_cast<float>(hn::GetLane(hn::SumOfLanes(kWide, sum_))); }

 private:
  static constexpr hn::RepartitionToWide<Tag> kWide{};
  static constexpr hn::Half<Tag> kHalf{};
  hn::Vec<hn::RepartitionToWide<Tag>> sum_;
};

/// In all lanes.
HWY_INLINE Vec largest_of(const float* row, std::int64_t columns) {
  const Vec lowest = hn::Set(kTag, -std::numeric_limits<float>::infinity());
  Vec largest = lowest;
  for_vectors(0, columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
    largest = hn::Max(largest, lanes.keep(lanes.load(row + j), lowest));
  });
  return hn::MaxOfLanes(kTag, largest);
}

void softmax(Matrix<const float> x, Matrix<float> y, const Threads& threads) {
  for_rows(x.rows, x.columns, threads, [&](std::int64_t row) HWY_ATTR {
    const float* in = x.row(row);
    float* out = y.row(row);
    const Vec largest = largest_of(in, x.columns);
    PreciseSum sum;
    for_vectors(0, x.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      const Vec e = exp_of_negative(hn::Sub(lanes.load(in + j), largest));
      lanes.store(e, out + j);
      sum.add(lanes.keep(e, hn::Zero(kTag)));
    });
    const Vec divisor = hn::Set(kTag, sum.total());
    for_vectors(0, x.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      lanes.store(hn::Div(lanes.load(out + j), divisor), out + j);
    });
  });
}

void softmax_gradient(Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, const Threads& threads) {
  for_rows(y.rows, y.columns, threads, [&](std::int64_t row) HWY_ATTR {
    const float *out = y.row(row), *dout = dy.row(row);
    float* din = dx.row(row);
    Vec dot = hn::Zero(kTag);
    for_vectors(0, y.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      dot = hn::MulAdd(lanes.load(out + j), lanes.load(dout + j), dot);
    });
    dot = hn::SumOfLanes(kTag, dot);
    for_vectors(0, y.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      lanes.store(hn::Mul(lanes.load(out + j), hn::Sub(lanes.load(dout + j), dot)), din + j);
    });
  });
}

void log_softmax(Matrix<const float> x, Matrix<float> y, const Threads& threads) {
  for_rows(x.rows, x.columns, threads, [&](std::int64_t row) HWY_ATTR {
    const float* in = x.row(row);
    float* out = y.row(row);
    const Vec largest = largest_of(in, x.columns);
    PreciseSum sum;
    for_vectors(0, x.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      sum.add(lanes.keep(exp_of_negative(hn::Sub(lanes.load(in + j), largest)), hn::Zero(kTag)));
    });
    const Vec log_sum = hn::Set(kTag, std::log(sum.total()));
    for_vectors(0, x.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      lanes.store(hn::Sub(hn::Sub(lanes.load(in + j), largest), log_sum), out + j);
    });
  });
}

void log_softmax_gradient(Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, const Threads& threads) {
  for_rows(y.rows, y.columns, threads, [&](std::int64_t row) HWY_ATTR {
    const float *out = y.row(row), *dout = dy.row(row);
    float* din = dx.row(row);
    PreciseSum total;
    for_vectors(0, y.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      total.add(lanes.load(dout + j));  // 0 past the end
    });
    const Vec sum = hn::Set(kTag, total.total());
    for_vectors(0, y.columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      const Vec probability = exp_of_negative(lanes.load(out + j));
      lanes.store(hn::NegMulAdd(probability, sum, lanes.load(dout + j)), din + j);
    });
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

template <class T>
void activate(Activation f, In<T> x, Out<T> y, const Threads& threads) {
  EVENKEEL_DISPATCH(activate<T>)(f, x, y, threads);
}
EVENKEEL_FOR_ELEMENTS(activate);

template <class T>
void activate_gradient(Activation f, In<T> y, In<T> dy, Out<T> dx, const Threads& threads) {
  EVENKEEL_DISPATCH(activate_gradient<T>)(f, y, dy, dx, threads);
}
EVENKEEL_FOR_ELEMENTS(activate_gradient);

void softmax(Matrix<const float> x, Matrix<float> y, const Threads& threads) {
  EVENKEEL_DISPATCH(softmax)(x, y, threads);
}

void softmax_gradient(Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, const Threads& threads) {
  EVENKEEL_DISPATCH(softmax_gradient)(y, dy, dx, threads);
}

void log_softmax(Matrix<const float> x, Matrix<float> y, const Threads& threads) {
  EVENKEEL_DISPATCH(log_softmax)(x, y, threads);
}

void log_softmax_gradient(Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, const Threads& threads) {
  EVENKEEL_DISPATCH(log_softmax_gradient)(y, dy, dx, threads);
}

}  // namespace evenkeel::kernels
#endif
