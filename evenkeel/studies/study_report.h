#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenkeel/studies/figure_text.h"
#include "evenkeel/studies/study.h"

// A study's result as a report: what all studies show alike, and the pieces that each one's explain() is built from.

namespace evenkeel {

/// The whole page. Variants without a complete run are named in the notes.
Report study_report(const Study& study, const StudyResult& result);

/// One series of every run, a curve per variant. `suffix` follows the variant's name.
struct CurvesOf {
  std::string series, suffix = {};
  bool dashed = false;
};
LineChart curves_chart(const StudyResult& result, const std::string& title, const std::string& x_label,
                       const std::string& y_label, const std::vector<CurvesOf>& curves);

/// A profile of every run over the layers, a curve per variant that has it. Networks may have different layers.
LineChart profile_chart(const StudyResult& result, const std::string& title, const std::string& y_label,
                        const std::string& profile);

/// A figure over the values of a sweep, a curve per variant, dashed with re-estimated statistics; a gap where not every
/// run has it; nothing without a sweep.
LineChart sweep_chart(const StudyResult& result, const std::string& title, const StudyFigure& figure);

/// A section where the results have something for it: parts without curves, rows or dots are left out.
void add_section(Report& report, const std::string& title, std::vector<Part> parts);

}  // namespace evenkeel
