#include "evenkeel/program/ops/updates.h"

#include <fmt/format.h>

#include <cmath>

#include "evenkeel/kernels/optimizers.h"
#include "evenkeel/kernels/reference/optimizers.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

void require_equal_blocks(std::span<const TensorType> in) {
  for (const TensorType& type : in)
    if (type.shape.rank() > 0) require_same(in[0], type, "optimizer block");
}

}  // namespace

std::string SgdUpdate::detail() const {
  return momentum_ == 0 ? std::string() : fmt::format("momentum {:g}{}", momentum_, nesterov_ ? ", nesterov" : "");
}

std::vector<TensorType> SgdUpdate::infer(std::span<const TensorType> in) const {
  require_equal_blocks(in);
  return {};
}

Kernel SgdUpdate::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [*this](const KernelCall& c) {
        kernels::sgd(c.inout<float>(0), c.in<float>(1), c.has(2) ? c.inout<float>(2) : std::span<float>(),
                     static_cast<float>(c.step().learning_rate), static_cast<float>(momentum_), nesterov_,
                     c.threads());
      },
      [*this](const KernelCall& c) {
        kernels::reference::sgd<double>(c.inout<double>(0), c.in<double>(1),
                                        c.has(2) ? c.inout<double>(2) : std::span<double>(), c.step().learning_rate,
                                        momentum_, nesterov_);
      });
}

std::string AdamUpdate::detail() const {
  return fmt::format("beta {:g} {:g}, epsilon {:g}", beta_1_, beta_2_, epsilon_);
}

std::vector<TensorType> AdamUpdate::infer(std::span<const TensorType> in) const {
  require_equal_blocks(in);
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
        kernels::adam(c.inout<float>(0), c.in<float>(1), c.inout<float>(2), c.inout<float>(3),
                      static_cast<float>(alpha(c)), static_cast<float>(beta_1_), static_cast<float>(beta_2_),
                      static_cast<float>(epsilon_), c.threads());
      },
      [*this, alpha](const KernelCall& c) {
        kernels::reference::adam<double>(c.inout<double>(0), c.in<double>(1), c.inout<double>(2), c.inout<double>(3),
                                         alpha(c), beta_1_, beta_2_, epsilon_);
      });
}

}  // namespace evenkeel::ops
