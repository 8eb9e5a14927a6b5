#include "evenkeel/program/passes/fuse.h"

#include "evenkeel/program/passes/fuse_activations.h"
#include "evenkeel/program/passes/fuse_pooling.h"

namespace evenkeel::passes {

void fuse(Program& program, bool differentiated) {
  fuse_activations(program, differentiated);
  fuse_pooling(program);
  fuse_activations(program, differentiated);  // activations after a pooling that is now in a normalization
}

}  // namespace evenkeel::passes
