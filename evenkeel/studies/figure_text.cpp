#include "evenkeel/studies/figure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/sample.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/welch.h"
#include "evenkeel/report/run_answer.h"
#include "evenkeel/studies/artifacts.h"

namespace evenkeel {
namespace {

constexpr const char* kNone = "–";

/// The range of the finite values: "0.5", "0.4 to 0.6".
std::string range_text(std::vector<double> values, int decimals) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return kNone;
  const auto [low, high] = std::ranges::minmax(values);
  return low == high ? fmt::format("{:.{}f}", low, decimals)
                     : fmt::format("{1:.{0}f} to {2:.{0}f}", decimals, low, high);
}

std::size_t unreached(const StudyVariant& variant, const std::string& figure) {
  return variant.runs.size() - variant.values(figure).size();
}

}  // namespace

std::string value_text(const std::vector<double>& values, int decimals) {
  const auto numbers = std::ranges::count_if(values, [](double value) { return std::isfinite(value); });
  if (numbers == 0) return kNone;
  if (numbers < std::ssize(values))
    return fmt::format("{} ({} of {})", range_text(values, decimals), numbers, values.size());
  const std::string mean = fmt::format("{:.{}f}", mean_of(values), decimals);
  return values.size() < 2 ? mean : fmt::format("{} ± {:.{}f}", mean, deviation_of(values), decimals);
}

std::string figure_text(const StudyVariant& variant, const StudyFigure& figure) {
  const auto values = variant.values(figure.key);
  if (values.empty() || unreached(variant, figure.key) == 0) return value_text(values, figure.decimals);
  return fmt::format("{} ({} of {}; others > {})", range_text(values, figure.decimals), values.size(),
                     variant.runs.size(), variant.runs.front().steps);
}

std::string both_text(const StudyVariant& variant, const std::string& figure, int decimals) {
  const std::string text = value_text(variant.values(figure), decimals);
  const std::vector<double> reestimated = variant.reestimated(figure);
  if (reestimated.empty()) return text;
  return fmt::format("{} ({} with re-estimated statistics)", text, value_text(reestimated, decimals));
}

std::string base_name(const StudyVariant& variant) { return variant.name.substr(0, variant.name.find('@')); }

std::string setting_text(const StudyVariant& variant) {
  std::string text;
  for (const auto& [key, value] : variant.settings) text += fmt::format(" at {} {:g}", key, value);
  return text;
}

std::string comparison_text(const StudyInfo& info, const StudyVariant* first, const StudyVariant* second) {
  const StudyComparison& c = *info.comparison;
  if (!first || !second || first->runs.empty() || second->runs.empty())
    return "A run is missing: the declared comparison cannot be made.";
  const StudyFigure& figure = *std::ranges::find(info.figures, c.figure, &StudyFigure::key);
  std::vector<std::string> censored;
  std::string figures;
  for (const StudyVariant* variant : {first, second}) {
    const std::size_t missing = unreached(*variant, c.figure);
    if (missing > 0)
      censored.push_back(fmt::format("`{}` in {} of {} runs of {} steps", variant->name, missing, variant->runs.size(),
                                     variant->runs.front().steps));
    figures += fmt::format(" `{}`: {}.", variant->name,
                           missing == variant->runs.size() ? "never" : figure_text(*variant, figure));
  }
  if (!censored.empty())
    return fmt::format("No interval is given, because {} is censored: not reached by {}.{}", spoken(c.figure),
                       join(censored, " and by "), figures);
  const bool is_measured_anew = !first->reestimated(c.figure).empty() || !second->reestimated(c.figure).empty();
  const bool anew = is_measured_anew && (has_artifact(info, *first) || has_artifact(info, *second));
  const auto values = [&](const StudyVariant& variant) {
    const std::vector<double> reestimated = variant.reestimated(c.figure);
    return anew && !reestimated.empty() ? reestimated : variant.values(c.figure);
  };
  return sentence(compare_means(values(*first), values(*second), c.margin), first->name, second->name,
                  spoken(c.figure) + (anew ? " with re-estimated statistics" : ""));
}

std::vector<std::string> notes_of_lost_numbers(const StudyResult& result) {
  std::vector<std::string> notes;
  for (const StudyVariant& variant : result.variants)
    for (const StudyRun& run : variant.runs) {
      std::vector<std::string> lost;
      for (const auto& [key, value] : run.figures)
        if (!std::isfinite(value)) lost.push_back(spoken(key));
      if (!lost.empty())
        notes.push_back(fmt::format("`{}`, seed {}: NaN or infinite: {}.", variant.name, run.seed, join(lost)));
    }
  return notes;
}

}  // namespace evenkeel
