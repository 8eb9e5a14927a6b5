#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/layer_signals.h"

// What rules about moving statistics share.

namespace evenkeel {

/// Whether they are bit for bit as they were drawn.
inline bool is_initial(const LayerStatistics& s) {
  return std::ranges::all_of(s.mean, [](double m) { return m == 0; }) &&
         std::ranges::all_of(s.variance, [](double v) { return v == 1; });
}

/// Whether one of these findings says why a layer's statistics do not fit. Behind a wrong axis none can.
inline bool explains_statistics(const std::vector<Finding>& findings, const Model& model, const std::string& layer) {
  return std::ranges::any_of(findings, [&](const Finding& f) {
    if (f.code == "wrong-axis") return model.find(layer) >= model.find(f.layers.front());
    return f.code == "frozen-statistics" && std::ranges::count(f.layers, layer) > 0;
  });
}

}  // namespace evenkeel
