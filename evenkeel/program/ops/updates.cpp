#include "evenkeel/program/ops/updates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/kernels/optimizer/optimizers.h"
#include "evenkeel/kernels/optimizer/optimizers_reference.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

/// All operands but the scales at `scales`, which are one per tensor.
void require_equal_blocks(std::span<const TensorType> in, std::size_t scales) {
  for (std::size_t i = 0; i < in.size(); ++i)
    if (i != scales && in[i].shape.rank() > 0) require_same(in[0], in[i], "optimizer block");
}

std::string text_of(const UpdateOptions& options) {
  std::string text;
  if (options.weight_decay != 0) text += fmt::format(", weight decay {:g}", options.weight_decay);
  if (std::isfinite(options.clip_value)) text += fmt::format(", clipped to {:g}", options.clip_value);
  return text;
}

/// The part of a call's block that one update works on.
template <class T>
class BlockPart {
 public:
  BlockPart(const KernelCall& call, Extent extent) : call_(call), extent_(extent) {}

  std::span<const T> in(int i) const { return part(call_.in<T>(i)); }
  std::span<T> inout(int i) const { return call_.has(i) ? part(call_.inout<T>(i)) : std::span<T>(); }

 private:
  template <class U>
  std::span<U> part(std::span<U> block) const {
    return block.subspan(static_cast<std::size_t>(extent_.offset), static_cast<std::size_t>(extent_.size));
  }
  const KernelCall& call_;
  Extent extent_;
};

/// Calls update(part, adjustment) for the block, or for each of its tensors that has a scale of its own.
template <class T, class Update>
void update_parts(const KernelCall& c, const UpdateOptions& options, int scales, Update update) {
  kernels::Adjustment adjustment{.clip_value = options.clip_value,
                                 .decay = c.step().learning_rate * options.weight_decay};
  const Extent whole{0, static_cast<std::int64_t>(c.in<T>(0).size())};
  const std::size_t parts = std::max<std::size_t>(1, options.tensors.size());
  for (std::size_t i = 0; i < parts; ++i) {
    if (c.has(scales)) adjustment.gradient_scale = static_cast<double>(c.in<T>(scales)[i]);
    update(BlockPart<T>(c, options.tensors.empty() ? whole : options.tensors[i]), adjustment);
  }
}

}  // namespace

std::string SgdUpdate::detail() const {
  std::string text = momentum_ == 0 ? "" : fmt::format(", momentum {:g}{}", momentum_, nesterov_ ? ", nesterov" : "");
  text += text_of(options_);
  return text.empty() ? text : text.substr(2);
}

std::vector<TensorType> SgdUpdate::infer(std::span<const TensorType> in) const {
  require_equal_blocks(in, 3);
  return {};
}

Kernel SgdUpdate::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [*this](const KernelCall& c) {
        update_parts<float>(c, options_, 3, [&](const BlockPart<float>& b, const kernels::Adjustment& adjustment) {
          kernels::sgd(b.inout(0), b.in(1), b.inout(2), static_cast<float>(c.step().learning_rate),
                       static_cast<float>(momentum_), nesterov_, adjustment, c.threads());
        });
      },
      [*this](const KernelCall& c) {
        update_parts<double>(c, options_, 3, [&](const BlockPart<double>& b, const kernels::Adjustment& adjustment) {
          kernels::reference::sgd<double>(b.inout(0), b.in(1), b.inout(2), c.step().learning_rate, momentum_, nesterov_,
                                          adjustment);
        });
      });
}

std::string AdamUpdate::detail() const {
  return fmt::format("beta {:g} {:g}, epsilon {:g}{}", beta_1_, beta_2_, epsilon_, text_of(options_));
}

std::vector<TensorType> AdamUpdate::infer(std::span<const TensorType> in) const {
  require_equal_blocks(in, 4);
  return {};
}

Kernel AdamUpdate::choose(const KernelRequest& request) const {
  const auto alpha = [b1 = beta_1_, b2 = beta_2_](const KernelCall& c) {
    const double t = static_cast<double>(c.step().step) + 1.0;
    return c.step().learning_rate * std::sqrt(1.0 - std::pow(b2, t)) / (1.0 - std::pow(b1, t));
  };
  return by_precision(
      request,
      [*this, alpha](const KernelCall& c) {
        update_parts<float>(c, options_, 4, [&](const BlockPart<float>& b, const kernels::Adjustment& adjustment) {
          kernels::adam(b.inout(0), b.in(1), b.inout(2), b.inout(3), static_cast<float>(alpha(c)),
                        static_cast<float>(beta_1_), static_cast<float>(beta_2_), static_cast<float>(epsilon_),
                        adjustment, c.threads());
        });
      },
      [*this, alpha](const KernelCall& c) {
        update_parts<double>(c, options_, 4, [&](const BlockPart<double>& b, const kernels::Adjustment& adjustment) {
          kernels::reference::adam<double>(b.inout(0), b.in(1), b.inout(2), b.inout(3), alpha(c), beta_1_, beta_2_,
                                           epsilon_, adjustment);
        });
      });
}

std::string ClipNorm::detail() const {
  return fmt::format("{:g} {}", limit_, tensors_.empty() ? "over all tensors" : "for each tensor");
}

std::vector<TensorType> ClipNorm::infer(std::span<const TensorType> in) const {
  return {{{std::max<std::int64_t>(1, std::ssize(tensors_))}, in[0].dtype}};
}

double ClipNorm::factor(double squared_norm) const {
  const double norm = std::sqrt(squared_norm);
  // inf - inf and NaN - NaN are NaN.
  if (tensors_.empty()) return limit_ / std::max(limit_, norm) + (norm - norm);
  return std::isnan(norm) ? norm : limit_ / std::max(limit_, norm);
}

Kernel ClipNorm::choose(const KernelRequest& request) const {
  const auto factors = [*this]<class T>(std::span<const T> block, std::span<T> out, auto squared_norm) {
    if (tensors_.empty()) out[0] = static_cast<T>(factor(squared_norm(block)));
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      out[i] = static_cast<T>(factor(squared_norm(
          block.subspan(static_cast<std::size_t>(tensors_[i].offset), static_cast<std::size_t>(tensors_[i].size)))));
  };
  return by_precision(
      request,
      [factors](const KernelCall& c) {
        factors(c.in<float>(0), c.out<float>(0),
                [&](std::span<const float> x) { return kernels::squared_norm(x, c.threads()); });
      },
      [factors](const KernelCall& c) {
        factors(c.in<double>(0), c.out<double>(0), &kernels::reference::squared_norm<double>);
      });
}

std::string MovingAverage::detail() const { return fmt::format("momentum {:g}", momentum_); }

std::vector<TensorType> MovingAverage::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "average");
  return {};
}

Kernel MovingAverage::choose(const KernelRequest& request) const {
  const auto first_time = []<class T>(const KernelCall& c, T one) {
    T& started = c.inout<T>(2)[0];
    if (started != T{0}) return false;
    std::ranges::copy(c.in<T>(0), c.inout<T>(1).begin());
    started = one;
    return true;
  };
  return by_precision(
      request,
      [first_time, weight = 1 - momentum_](const KernelCall& c) {
        if (first_time(c, 1.0f)) return;
        kernels::moving_average(c.in<float>(0), static_cast<float>(weight), c.inout<float>(1), c.threads());
      },
      [first_time, weight = 1 - momentum_](const KernelCall& c) {
        if (first_time(c, 1.0)) return;
        kernels::reference::moving_average<double>(c.in<double>(0), weight, c.inout<double>(1));
      });
}

}  // namespace evenkeel::ops
