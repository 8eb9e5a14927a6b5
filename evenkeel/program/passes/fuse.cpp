#include "evenkeel/program/passes/fuse.h"

#include "evenkeel/program/passes/fuse_activations.h"
#include "evenkeel/program/passes/fuse_pooling.h"

namespace evenkeel::passes {

void fuse(Program& program) {
  fuse_activations(program);
  fuse_pooling(program);
  fuse_activations(program);  // those behind a pooling that is in a normalization now
}

}  // namespace evenkeel::passes
