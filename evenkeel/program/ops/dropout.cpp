#include "evenkeel/program/ops/dropout.h"

#include <fmt/format.h>

#include "evenkeel/base/error.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {

std::string Dropout::detail() const { return fmt::format("rate {:g}", rate_); }

void Dropout::differentiate(Gradients& g) const { g.add(0, g.emit_one(Dropout(*this), {g.of_output(0)})); }

Kernel Dropout::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Dropout{.layer = stream(), .rate = static_cast<float>(rate_), .first = first()}, r);
}

Shape SharedDropout::mask_of(const Shape& x) const {
  const auto text = [&] {
    std::string sizes;
    for (const std::int64_t size : mask_) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
    return '[' + sizes + ']';
  };
  if (std::ssize(mask_) != x.rank())
    throw Error{{.where = "\"noise_shape\"",
                 .expected = fmt::format("{} sizes, one for each axis of the input", x.rank()),
                 .received = text()}};
  Shape mask = x;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const std::int64_t size = mask_[static_cast<std::size_t>(axis)];
    if (size != -1 && size != 1 && size != x[axis])
      throw Error{{.where = "\"noise_shape\"",
                   .expected = fmt::format("-1, 1 or {} for axis {}", x[axis], axis),
                   .received = text()}};
    if (size == 1) mask = mask.with(axis, 1);
  }
  return mask;
}

std::string SharedDropout::detail() const { return fmt::format("rate {:g}", rate_); }

std::vector<TensorType> SharedDropout::infer(std::span<const TensorType> in) const {
  mask_of(in[0].shape);
  return {in[0]};
}

void SharedDropout::differentiate(Gradients& g) const { g.add(0, g.emit_one(SharedDropout(*this), {g.of_output(0)})); }

Kernel SharedDropout::choose(const KernelRequest& r) const {
  const Shape& x = r.inputs[0].shape;
  return kernels::choose(
      kernels::SharedDropout{
          .layer = stream(), .rate = static_cast<float>(rate_), .x = x, .mask = mask_of(x), .first = first()},
      r);
}

std::string GaussianDropout::detail() const { return fmt::format("deviation {:g}", deviation_); }

void GaussianDropout::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(GaussianDropout(*this), {g.of_output(0)}));
}

Kernel GaussianDropout::choose(const KernelRequest& r) const {
  return kernels::choose(
      kernels::GaussianDropout{.layer = stream(), .deviation = static_cast<float>(deviation_), .first = first()}, r);
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
      kernels::AffineDropout{
          .layer = stream(), .rate = static_cast<float>(rate_), .outcome = outcome_, .first = first()},
      r);
}

std::shared_ptr<const Op> Dropout::from_sample(std::int64_t first, const Shape& x) const {
  return beginning_at(Dropout(*this), first * (x.size() / x[0]));
}

std::shared_ptr<const Op> SharedDropout::from_sample(std::int64_t first, const Shape& x) const {
  // A mask that the samples share is the same in every part.
  return beginning_at(SharedDropout(*this), mask_[0] == 1 ? 0 : first * (mask_of(x).size() / x[0]));
}

std::shared_ptr<const Op> GaussianDropout::from_sample(std::int64_t first, const Shape& x) const {
  return beginning_at(GaussianDropout(*this), first * (x.size() / x[0]));
}

std::shared_ptr<const Op> AffineDropout::from_sample(std::int64_t first, const Shape& x) const {
  return beginning_at(AffineDropout(*this), first * (x.size() / x[0]));
}

}  // namespace evenkeel::ops
