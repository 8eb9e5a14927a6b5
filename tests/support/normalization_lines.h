#pragma once

#include <string>
#include <vector>

#include "evenkeel/program/ops/normalize.h"
#include "evenkeel/program/ops/statistics.h"
#include "evenkeel/program/program.h"

namespace evenkeel {

/// The lines of a batch normalization of layer 0 with these moving and supplied statistics, named "mean", "variance",
/// "supplied mean" and "supplied variance": what it normalizes x to. Gamma and beta may be absent.
inline Value emit_normalization(Program& program, Value x, Value gamma, Value beta, const std::string& name = {}) {
  const Shape channels = {x.shape().back()};
  const auto emit = [&](auto op, const std::vector<Value>& inputs) {
    return program.emit(std::make_shared<const decltype(op)>(op), inputs);
  };
  const auto batch = emit(ops::Moments(0), {x});
  const auto used =
      emit(ops::SelectStatistics(0),
           {batch[0], batch[1], program.state("mean", channels), program.state("variance", channels),
            program.supplied("supplied mean", channels), program.supplied("supplied variance", channels)});
  const Value inverse = program.emit_one(ops::InverseDeviation(1e-3), {used[1]});
  return program.emit_one(ops::Normalize(0), {x, gamma, beta, used[0], inverse}, name);
}

}  // namespace evenkeel
