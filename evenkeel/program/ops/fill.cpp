#include "evenkeel/program/ops/fill.h"

#include <algorithm>

namespace evenkeel::ops {

Kernel Fill::choose(const KernelRequest& request) const {
  return by_precision(
      request, [value = static_cast<float>(value_)](const KernelCall& c) { std::ranges::fill(c.out<float>(0), value); },
      [value = value_](const KernelCall& c) { std::ranges::fill(c.out<double>(0), value); });
}

}  // namespace evenkeel::ops
