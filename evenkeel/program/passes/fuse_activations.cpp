#include "evenkeel/program/passes/fuse_activations.h"

#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/passes/fold.h"

namespace evenkeel::passes {

void fuse_activations(Program& program, bool differentiated) {
  fold(program, [=](const Op& maker, const Op& reader) -> std::shared_ptr<const Op> {
    const auto* activation = dynamic_cast<const ops::Activation*>(&reader);
    if (!activation) return nullptr;
    const kernels::Activation f = activation->function();
    if (differentiated && !f.is_monotone() && !maker.recomputes_activation_input()) return nullptr;
    return maker.with_activation(f);
  });
}

}  // namespace evenkeel::passes
