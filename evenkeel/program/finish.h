#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel {

/// Makes a program ready to run: drops lines whose outputs nobody reads, lays out the blocks, and plans the arena.
/// `program.memory` reports the arena's size with and without reuse of memory.
void finish(Program& program);

}  // namespace evenkeel
