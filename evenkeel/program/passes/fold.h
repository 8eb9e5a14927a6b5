#pragma once

#include <functional>
#include <memory>

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// The op that does what `maker` and behind it `reader` do, or nothing.
using Join = std::function<std::shared_ptr<const Op>(const Op& maker, const Op& reader)>;

/// Folds each line that reads the first output of another into that one, where `join` knows how and nobody else reads
/// the value between them: one that is kept or probed stays. Runs before differentiation: the joined op has a gradient
/// rule of its own.
void fold(Program& program, const Join& join);

}  // namespace evenkeel::passes
