#include "evenkeel/program/passes/fuse_pooling.h"

#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/normalize.h"
#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/passes/fold.h"

namespace evenkeel::passes {

void fuse_pooling(Program& program) {
  fold(program, [](const Op& maker, const Op& reader) -> std::shared_ptr<const Op> {
    const auto* normalization = dynamic_cast<const ops::Normalize*>(&maker);
    const auto* pool = dynamic_cast<const ops::MaxPool*>(&reader);
    return normalization && pool ? normalization->with_max_pool(pool->window()) : nullptr;
  });
}

void pool_before_activations(Program& program) {
  fold(program, [](const Op& maker, const Op& reader) -> std::shared_ptr<const Op> {
    const auto* activation = dynamic_cast<const ops::Activation*>(&maker);
    const auto* pool = dynamic_cast<const ops::MaxPool*>(&reader);
    if (!activation || !pool || !activation->function().is_monotone()) return nullptr;
    return std::make_shared<const ops::MaxPool>(pool->window(), activation->function());
  });
}

}  // namespace evenkeel::passes
