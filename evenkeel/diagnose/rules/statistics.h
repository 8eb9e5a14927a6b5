#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/layer_signals.h"

// What rules about moving statistics share.

namespace evenkeel {

/// Whether one of these findings says why a layer's statistics do not fit. Behind a wrong axis none can.
inline bool explains_statistics(const std::vector<Finding>& findings, const Model& model, const std::string& layer) {
  return std::ranges::any_of(findings, [&](const Finding& f) {
    if (f.code == "wrong-axis") return model.find(layer) >= model.find(f.layers.front());
    return f.code == "frozen-statistics" && std::ranges::count(f.layers, layer) > 0;
  });
}

}  // namespace evenkeel
