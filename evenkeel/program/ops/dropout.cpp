#include "evenkeel/program/ops/dropout.h"

#include <fmt/format.h>

#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {

std::string Dropout::detail() const { return fmt::format("rate {:g}", rate_); }

void Dropout::differentiate(Gradients& g) const { g.add(0, g.emit_one(Dropout(*this), {g.of_output(0)})); }

Kernel Dropout::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Dropout{.layer = stream(), .rate = static_cast<float>(rate_)}, r);
}

std::string SpatialDropout::detail() const { return fmt::format("rate {:g}", rate_); }

void SpatialDropout::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(SpatialDropout(*this), {g.of_output(0)}));
}

Kernel SpatialDropout::choose(const KernelRequest& r) const {
  const Shape& x = r.inputs[0].shape;
  return kernels::choose(
      kernels::SpatialDropout{
          .layer = stream(), .rate = static_cast<float>(rate_), .positions = x.size() / x.back() / x[0]},
      r);
}

std::string GaussianDropout::detail() const { return fmt::format("deviation {:g}", deviation_); }

void GaussianDropout::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(GaussianDropout(*this), {g.of_output(0)}));
}

Kernel GaussianDropout::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::GaussianDropout{.layer = stream(), .deviation = static_cast<float>(deviation_)}, r);
}

std::string AffineDropout::detail() const {
  return fmt::format("rate {:g}, {:g} x + {:g}, dropped {:g}", rate_, outcome_.scale, outcome_.offset,
                     outcome_.dropped);
}

void AffineDropout::differentiate(Gradients& g) const {
  const kernels::KeptAndDropped slope{.scale = outcome_.scale};
  g.add(0, g.emit_one(AffineDropout(index(), rate_, slope), {g.of_output(0)}));
}

Kernel AffineDropout::choose(const KernelRequest& r) const {
  return kernels::choose(
      kernels::AffineDropout{.layer = stream(), .rate = static_cast<float>(rate_), .outcome = outcome_}, r);
}

}  // namespace evenkeel::ops
