#pragma once

#include <string>
#include <vector>

#include "common.h"
#include "evenkeel/program/roofline.h"

namespace evenkeel::app {

/// What `plan` and `bench` make a program of: a MODEL with the settings of its file and the flags over them.
struct PlannedModel {
  Model model;
  NetworkOptions options;
  std::int64_t batch_size = 0;
};
/// A training program needs a loss: where nothing names one, the trainer's own, and stderr says so.
PlannedModel planned_model(const Shared& shared, const std::string& model, const Settings& flags, bool train);

/// The lines of a program, with times and how they stand below the roofline where they were run.
struct PlannedLines {
  std::vector<PlanLine> lines = {};
  std::vector<double> seconds = {};  ///< by line; empty where nothing was run
  Roofline roofline = {};

  Standing standing(std::size_t line) const { return standing_of(lines[line], seconds[line], roofline); }
};

Json json_of(const PlannedLines& plan);
Json json_of(const Roofline& roofline);
Json json_of(const MemoryReport& memory, std::int64_t scratch_bytes);
/// "convolution 3x3 same, relu"
std::string op_text(const PlanLine& line);
/// "arithmetic 63%"; empty for a view.
std::string bound_text(const PlannedLines& plan, std::size_t line);
/// "229 GF/s of multiply-adds, 14.2 GB/s to and from memory"
std::string roofline_text(const Roofline& roofline);

}  // namespace evenkeel::app
