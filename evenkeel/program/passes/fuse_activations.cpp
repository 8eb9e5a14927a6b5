#include "evenkeel/program/passes/fuse_activations.h"

#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/passes/fold.h"

namespace evenkeel::passes {

void fuse_activations(Program& program) {
  fold(program, [](const Op& maker, const Op& reader) -> std::shared_ptr<const Op> {
    const auto* activation = dynamic_cast<const ops::Activation*>(&reader);
    return activation ? maker.with_activation(activation->function()) : nullptr;
  });
}

}  // namespace evenkeel::passes
