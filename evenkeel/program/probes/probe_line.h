#pragma once

#include <memory>
#include <vector>

#include "evenkeel/program/program.h"

namespace evenkeel {

/// Emits the line of a probe, whose first input is what it watches, just behind the line that makes that: so the value
/// need not live longer for it.
void emit_probe(Program& program, std::shared_ptr<const Op> op, const std::vector<Value>& inputs);

}  // namespace evenkeel
