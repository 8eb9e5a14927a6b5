#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenkeel/studies/figure_text.h"
#include "evenkeel/studies/study.h"

// A study's result as a report: what all studies show, and the functions that each explain() uses.

namespace evenkeel {

/// The whole report. Variants without a complete run are listed in the notes.
Report study_report(const Study& study, const StudyResult& result);

/// One series of every run: a curve per variant. `suffix` is put after the variant's name.
struct CurvesOf {
  std::string series, suffix = {};
  bool dashed = false;
};
LineChart curves_chart(const StudyResult& result, const std::string& title, const std::string& x_label,
                       const std::string& y_label, const std::vector<CurvesOf>& curves);

/// A profile of every run over the layers, a curve per variant that has it. Networks may have different layers.
LineChart profile_chart(const StudyResult& result, const std::string& title, const std::string& y_label,
                        const std::string& profile);

/// A figure over the values of a sweep: a curve per variant, and a dashed one with re-estimated statistics. A value
/// that not every run has is a gap. Without a sweep, an empty chart.
LineChart sweep_chart(const StudyResult& result, const std::string& title, const StudyFigure& figure);

/// Adds a section, without the parts that have no curves, rows or dots; nothing if no part is left.
void add_section(Report& report, const std::string& title, std::vector<Part> parts);

}  // namespace evenkeel
