#pragma once

#include <string>
#include <vector>

#include "evenkeel/studies/study.h"

// How the figures of a study's runs are written, in tables and sentences.

namespace evenkeel {

/// "0.9741"; of several values "0.9741 ± 0.0020" (mean and standard deviation); without values "–". If some are NaN or
/// infinite, the range of the others and no mean: "0.9701 to 0.9741 (2 of 3)".
std::string value_text(const std::vector<double>& values, int decimals = 4);

/// The same for a variant's figure. If some runs have not reached it: "380 to 390 (2 of 4; others > 400)", where 400 is
/// the number of steps they made.
std::string figure_text(const StudyVariant& variant, const StudyFigure& figure);

/// "0.479", or "0.479 (0.634 with re-estimated statistics)" if both were measured.
std::string both_text(const StudyVariant& variant, const std::string& figure, int decimals);

/// Joins what `say` returns for each variant that has a run.
template <class F>
std::string of_each(const StudyResult& result, const std::string& separator, F&& say) {
  std::string text;
  for (const StudyVariant& variant : result.variants)
    if (!variant.runs.empty()) text += (text.empty() ? "" : separator) + say(variant);
  return text;
}

/// A variant's name without what the sweep appended to it.
std::string base_name(const StudyVariant& variant);

/// What the sweep changed: " at learning_rate 0.01"; empty if nothing.
std::string setting_text(const StudyVariant& variant);

/// The result of the declared comparison of these two variants, which may be null. If the doctor finds that moving
/// statistics of one do not fit, figures with re-estimated statistics are compared.
std::string comparison_text(const StudyInfo& info, const StudyVariant* first, const StudyVariant* second);

/// A note for each run with a figure that is NaN or infinite: "`plain`, seed 2: NaN or infinite: test loss."
std::vector<std::string> notes_of_lost_numbers(const StudyResult& result);

}  // namespace evenkeel
