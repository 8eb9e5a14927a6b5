#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Removes every line whose outputs are neither read by a later line nor kept, and that has no effect of its own.
void drop_unread(Program& program);

}  // namespace evenkeel::passes
