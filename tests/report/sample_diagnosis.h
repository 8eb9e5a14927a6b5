#pragma once

#include "evenkeel/diagnose/diagnosis.h"

namespace evenkeel {

/// Of a network whose only normalization was never updated.
inline Diagnosis sample_diagnosis() {
  Diagnosis d;
  d.cells.evaluation = {.loss = {2.5, 0.1}, .accuracy = Estimate{0.3, 0.01}};
  d.cells.training = {.loss = {0.5, 0.1}, .accuracy = Estimate{0.9, 0.01}};
  d.cells.verdict = "The mode makes the difference.";
  d.attribution = {.start = {0.6, 0.1},
                   .end = {2.5, 0.1},
                   .batch_size = 32,
                   .links = {{.change = "dropout off", .cost = {.loss = {-0.1, 0.01}}, .cost_in_reverse = {}},
                             {.change = "moving statistics in norm",
                              .layers = {"norm"},
                              .cost = {.loss = {2.0, 0.05}},
                              .cost_in_reverse = {.loss = {1.9, 0.05}}}}};
  d.findings = {
      {.code = "never-updated",
       .severity = Severity::error,
       .layers = {"norm"},
       .cause = "the moving statistics of norm are exactly 0 and 1",
       .evidence = {{"norm: distance", 1.25, "nats", "below 0.05"}},
       .certainty = Certainty::sure("measured"),
       .cost = Cost{.loss = {2.0, 0.05}, .accuracy = Estimate{-0.6, 0.01}},
       .outlook = RepairOutlook{.loss = {2.5, 0.1}, .loss_after = {0.5, 0.1}, .how = "with statistics of all data"}}};
  const LayerStatistics moving{"norm", {0, 0}, {1, 1}}, data{"norm", {2, 3}, {4, 5}};
  d.gaps = {{.layer = "norm", .epsilon = 1e-3, .moving = moving, .data = data, .distance = 1.25}};
  d.histograms = {{.layer = "norm",
                   .at = {-2, -1, 0, 1, 2},
                   .training = {0.05, 0.15, 0.5, 0.25, 0.05},
                   .evaluation = {0.4, 0.2, 0.3, 0.1, 0}}};
  d.checked = {"statistics"};
  d.unchecked = {{"records", "none are known"}};
  return d;
}

}  // namespace evenkeel
