#include "evenkeel/program/ops/reshape.h"

#include "evenkeel/base/error.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {

std::vector<TensorType> Reshape::infer(std::span<const TensorType> in) const {
  if (in[0].shape.size() != shape_.size())
    throw Error{{.where = "reshape",
                 .expected = std::to_string(shape_.size()) + " elements for " + to_string(shape_),
                 .received = to_string(in[0].shape)}};
  return {{shape_, in[0].dtype}};
}

void Reshape::differentiate(Gradients& g) const { g.add(0, g.emit_one(Reshape(g.input(0).shape()), {g.of_output(0)})); }

}  // namespace evenkeel::ops
