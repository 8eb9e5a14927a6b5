#include "evenkeel/program/passes/fuse_pooling.h"

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

}  // namespace evenkeel::passes
