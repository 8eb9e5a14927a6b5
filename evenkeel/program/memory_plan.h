#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/program/program.h"

namespace evenkeel {

/// A stretch of a block, in elements.
struct Extent {
  std::int64_t offset = 0, size = 0;
};

/// Where each trainable parameter is in their part of the block, which has trainable_bytes.
std::vector<Extent> trainable_extents(const Program& program);

/// Size of the trainable parameters' part of the block. It comes first; they are in the order of their declaration.
std::int64_t trainable_bytes(const Program& program);

/// Lays out parameters (trainable ones first), their gradients (at the same offsets), state, slots and probes.
void plan_blocks(Program& program);

/// Gives every value of the arena an offset. Values that are alive at the same time never overlap. An op that can work
/// in place writes over an input that no later line reads. Greedy by size (Pisarchyk & Lee 2020).
void plan_arena(Program& program);

}  // namespace evenkeel
