#include "evenkeel/program/ops/scale_shift.h"

#include "evenkeel/kernels/normalization/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

std::vector<TensorType> ScaleShift::infer(std::span<const TensorType> in) const {
  require_per_channel(in[0], in[1], "scale");
  require_per_channel(in[0], in[2], "shift");
  return {in[0]};
}

void ScaleShift::differentiate(Gradients& g) const {
  const Value dy = g.of_output(0);
  if (g.wanted(1)) g.add(1, g.emit_one(ChannelProduct(), {dy, g.input(0)}));
  if (g.wanted(2)) g.add(2, g.emit_one(ChannelSum(), {dy}));
  if (g.wanted(0)) {
    const Value zero = g.emit_one(Fill(g.input(2).shape(), g.input(2).type().dtype, 0.0), {});
    g.add(0, g.emit_one(ScaleShift(), {dy, g.input(1), zero}));
  }
}

Kernel ScaleShift::choose(const KernelRequest& r) const { return kernels::choose(kernels::ScaleShift{}, r); }

std::vector<TensorType> ChannelProduct::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "channel product");
  return {{{in[0].shape.back()}, precise(in[0].dtype)}};
}

Kernel ChannelProduct::choose(const KernelRequest& r) const { return kernels::choose(kernels::ChannelProduct{}, r); }

}  // namespace evenkeel::ops
