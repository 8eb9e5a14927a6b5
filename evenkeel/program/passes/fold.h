#pragma once

#include <functional>
#include <memory>

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// One op that does what `maker` and then `reader` do, or nothing if there is none.
using Join = std::function<std::shared_ptr<const Op>(const Op& maker, const Op& reader)>;

/// Folds each line that reads the first output of another line into that line, if `join` returns an op and nobody else
/// reads the value between them. A value that is kept or probed stays. Runs before differentiation, because the joined
/// op has its own gradient rule.
void fold(Program& program, const Join& join);

}  // namespace evenkeel::passes
