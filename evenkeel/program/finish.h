#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel {

/// Makes a program ready to run: drops lines nobody reads, lays out the blocks, and plans the arena.
/// `program.memory` reports the arena with and without reuse.
void finish(Program& program);

}  // namespace evenkeel
