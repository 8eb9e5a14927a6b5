#include "evenkeel/program/finish.h"

#include "evenkeel/program/memory_plan.h"
#include "evenkeel/program/passes/drop_unread.h"

namespace evenkeel {

void finish(Program& program) {
  passes::drop_unread(program);
  plan_blocks(program);
  plan_arena(program);
}

}  // namespace evenkeel
