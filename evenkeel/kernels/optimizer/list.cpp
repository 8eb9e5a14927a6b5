#include "evenkeel/kernels/optimizer/list.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/optimizer/optimizers.h"
#include "evenkeel/kernels/optimizer/optimizers_reference.h"
#include "evenkeel/kernels/simd/columns_scratch.h"

namespace evenkeel::kernels {
namespace {

template <class T>
std::span<T> part_of(std::span<T> block, const BlockPart& part) {
  return block.subspan(static_cast<std::size_t>(part.offset), static_cast<std::size_t>(part.size));
}

/// The operands of an update for one part of the block.
template <class T>
class Operands {
 public:
  Operands(const KernelCall& call, const BlockPart& part) : call_(call), part_(part) {}

  std::span<T> parameters() const { return inout(0); }
  std::span<const T> gradients() const { return part_of(call_.in<T>(1), part_); }
  /// Block i of those that only this optimizer has; empty if it is absent.
  std::span<T> own(int i) const { return inout(kGradientScales + 1 + i); }

 private:
  std::span<T> inout(int i) const { return call_.has(i) ? part_of(call_.inout<T>(i), part_) : std::span<T>(); }

  const KernelCall& call_;
  BlockPart part_;
};

/// Calls update(operands, adjustment) for the block, or for each of its parts if these have scales.
template <class T, class Update>
void update_parts(const KernelCall& c, const UpdateOptions& options, Update update) {
  Adjustment adjustment{.clip_value = options.clip_value, .decay = c.step().learning_rate * options.weight_decay};
  const BlockPart whole{0, static_cast<std::int64_t>(c.in<T>(0).size())};
  const std::size_t parts = std::max<std::size_t>(1, options.parts.size());
  for (std::size_t i = 0; i < parts; ++i) {
    if (c.has(kGradientScales)) adjustment.gradient_scale = static_cast<double>(c.in<T>(kGradientScales)[i]);
    update(Operands<T>(c, options.parts.empty() ? whole : options.parts[i]), adjustment);
  }
}

/// The learning rate, corrected for moments that began as 0.
double alpha_of(const Adam& adam, const KernelStep& step) {
  const double t = static_cast<double>(step.step) + 1.0;
  return step.learning_rate * std::sqrt(1.0 - std::pow(adam.beta_2, t)) / (1.0 - std::pow(adam.beta_1, t));
}

/// A norm that is not finite makes the factor of the whole block NaN, as in Keras.
double factor_of(const ClipNorm& clip, double squared_norm) {
  const double norm = std::sqrt(squared_norm);
  // inf - inf and NaN - NaN are NaN.
  if (clip.parts.empty()) return clip.limit / std::max(clip.limit, norm) + (norm - norm);
  return std::isnan(norm) ? norm : clip.limit / std::max(clip.limit, norm);
}

template <class T, class Norm>
void clip_factors(const ClipNorm& clip, const KernelCall& c, Norm squared_norm) {
  const std::span<const T> block = c.in<T>(0);
  const std::span<T> factors = c.out<T>(0);
  if (clip.parts.empty()) factors[0] = static_cast<T>(factor_of(clip, squared_norm(block)));
  for (std::size_t i = 0; i < clip.parts.size(); ++i)
    factors[i] = static_cast<T>(factor_of(clip, squared_norm(part_of(block, clip.parts[i]))));
}

/// The first time, sets the average to the parameters. Returns whether it was the first time.
template <class T>
bool start_average(const KernelCall& c) {
  T& started = c.inout<T>(2)[0];
  if (started != T{0}) return false;
  std::ranges::copy(c.in<T>(0), c.inout<T>(1).begin());
  started = T{1};
  return true;
}

}  // namespace

Kernel choose(const Sgd& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloat,
        [](const Sgd& t, const KernelCall& c, float) {
          update_parts<float>(c, t.options, [&](const Operands<float>& o, const Adjustment& adjustment) {
            sgd(o.parameters(), o.gradients(), o.own(0), static_cast<float>(c.step().learning_rate),
                static_cast<float>(t.momentum), t.nesterov, adjustment, c.threads());
          });
        }},
       {"reference", kDouble, [](const Sgd& t, const KernelCall& c, double) {
          update_parts<double>(c, t.options, [&](const Operands<double>& o, const Adjustment& adjustment) {
            reference::sgd<double>(o.parameters(), o.gradients(), o.own(0), c.step().learning_rate, t.momentum,
                                   t.nesterov, adjustment);
          });
        }}});
}

Kernel choose(const Adam& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloat,
        [](const Adam& t, const KernelCall& c, float) {
          update_parts<float>(c, t.options, [&](const Operands<float>& o, const Adjustment& adjustment) {
            adam(o.parameters(), o.gradients(), o.own(0), o.own(1), static_cast<float>(alpha_of(t, c.step())),
                 static_cast<float>(t.beta_1), static_cast<float>(t.beta_2), static_cast<float>(t.epsilon), adjustment,
                 c.threads());
          });
        }},
       {"reference", kDouble, [](const Adam& t, const KernelCall& c, double) {
          update_parts<double>(c, t.options, [&](const Operands<double>& o, const Adjustment& adjustment) {
            reference::adam<double>(o.parameters(), o.gradients(), o.own(0), o.own(1), alpha_of(t, c.step()), t.beta_1,
                                    t.beta_2, t.epsilon, adjustment);
          });
        }}});
}

Kernel choose(const ClipNorm& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const ClipNorm& t, const KernelCall& c, float) {
                               clip_factors<float>(t, c, [&](std::span<const float> x) {
                                 return squared_norm(x, c.threads(), c.scratch());
                               });
                             },
                             [](const ClipNorm&, const KernelRequest& r) { return sum_bytes(1, 1, r.threads); }},
                            {"reference", kDouble, [](const ClipNorm& t, const KernelCall& c, double) {
                               clip_factors<double>(t, c, &reference::squared_norm<double>);
                             }}});
}

Kernel choose(const MovingAverage& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const MovingAverage& t, const KernelCall& c, float) {
                               if (start_average<float>(c)) return;
                               moving_average(c.in<float>(0), static_cast<float>(1 - t.momentum), c.inout<float>(1),
                                              c.threads());
                             }},
                            {"reference", kDouble, [](const MovingAverage& t, const KernelCall& c, double) {
                               if (start_average<double>(c)) return;
                               reference::moving_average<double>(c.in<double>(0), 1 - t.momentum, c.inout<double>(1));
                             }}});
}

}  // namespace evenkeel::kernels
