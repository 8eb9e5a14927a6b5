#pragma once

#include <memory>
#include <vector>

#include "evenkeel/program/program.h"

namespace evenkeel {

/// Emits the line of a probe directly after the line that computes the value it watches (its first input), so that the
/// value's memory need not be kept longer.
void emit_probe(Program& program, std::shared_ptr<const Op> op, const std::vector<Value>& inputs);

}  // namespace evenkeel
