#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "evenkeel/distributed/batch_part.h"
#include "evenkeel/distributed/communicator.h"
#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Makes a differentiated program, compiled for this process's part of a batch, compute with the other processes what
/// one program computes for the whole batch:
/// - noise is that of the samples' places in the batch;
/// - moments of the batch are merged from those of the parts, and gradient sums of normalizations are added, each in a
///   line of its own (not if statistics are local);
/// - gradients of parameters are added, in stretches of their block that leave while the backward pass goes on.
/// Emit the update afterwards. The seed of the gradient must be 1 / part.total, or 0 for a part without samples, which
/// computes with one that does not count. Throws Error (unsupported) if samples that share statistics
/// (virtual_batch_size) are in different parts.
/// `together`: by label, the layers whose statistics are those of so many consecutive samples.
void spread(Program& program, const Spreading& spreading, const BatchPart& part,
            const std::map<std::string, std::int64_t>& together = {});

}  // namespace evenkeel::passes
