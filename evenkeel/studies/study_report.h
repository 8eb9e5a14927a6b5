#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenkeel/studies/study.h"

// A study's result as a report: what all studies show alike, and the pieces that each one's explain() is built from.

namespace evenkeel {

/// The whole page. Variants without a complete run are named in the notes.
Report study_report(const Study& study, const StudyResult& result);

/// "0.9741", or "0.9741 ± 0.0020" (mean and standard deviation) where there are several.
std::string value_text(const std::vector<double>& values, int decimals = 4);

/// One series of every run, a curve per variant. `suffix` follows the variant's name.
struct CurvesOf {
  std::string series, suffix = {};
  bool dashed = false;
};
LineChart curves_chart(const StudyResult& result, const std::string& title, const std::string& x_label,
                       const std::string& y_label, const std::vector<CurvesOf>& curves);

/// A profile of every run over the layers, a curve per variant that has it.
LineChart profile_chart(const StudyResult& result, const std::string& title, const std::string& y_label,
                        const std::string& profile);

/// A figure of every run as a point, a row per variant, with what was published.
DotChart figure_chart(const StudyResult& result, const StudyFigure& figure);

/// A figure over the values of a sweep, a curve per variant.
LineChart sweep_chart(const StudyResult& result, const std::string& title, const StudyFigure& figure);

/// A variant's name without what the sweep put behind it.
std::string base_name(const StudyVariant& variant);

/// A section where the results have something for it: parts without curves, rows or dots are left out.
void add_section(Report& report, const std::string& title, std::vector<Part> parts);

}  // namespace evenkeel
