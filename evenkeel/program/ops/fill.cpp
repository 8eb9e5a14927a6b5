#include "evenkeel/program/ops/fill.h"

#include "evenkeel/kernels/elementwise/list.h"

namespace evenkeel::ops {

Kernel Fill::choose(const KernelRequest& r) const { return kernels::choose(kernels::Fill{value_}, r); }

Kernel Constant::choose(const KernelRequest& r) const { return kernels::choose(kernels::Constant{values_}, r); }

}  // namespace evenkeel::ops
