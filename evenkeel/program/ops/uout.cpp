#include "evenkeel/program/ops/uout.h"

#include <fmt/format.h>

#include "evenkeel/kernels/noise/list.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {

std::string Uout::detail() const { return fmt::format("beta {:g}", beta_); }

void Uout::differentiate(Gradients& g) const { g.add(0, g.emit_one(Uout(*this), {g.of_output(0)})); }

Kernel Uout::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Uout{.layer = stream(), .beta = static_cast<float>(beta_), .first = first()}, r);
}

std::shared_ptr<const Op> Uout::from_sample(std::int64_t first, const Shape& x) const {
  return beginning_at(Uout(*this), first * (x.size() / x[0]));
}

}  // namespace evenkeel::ops
