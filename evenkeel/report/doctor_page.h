#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// A finding with those that follow from it, directly or not: they go with it.
struct ExplainedFinding {
  const Finding* finding = nullptr;
  std::vector<const Finding*> consequences = {};
};
/// In the order of the findings, which must outlive the result.
std::vector<ExplainedFinding> explained_findings(const std::vector<Finding>& findings);
/// "stale-statistics in norm_1 and 2 more".
std::string consequence_text(const Finding& finding);

/// Normalizations that are shown at once, the most distant ones; the page has the others folded.
inline constexpr std::size_t kMostStrips = 12;

/// A diagnosis as a page: the verdict, the four cells, the findings with their remedies, the way from training mode to
/// evaluation mode as a waterfall, and what every normalization reads in either mode. `command` gives the remedy of a
/// finding as a command line, empty where there is none.
Report doctor_page(const Diagnosis& diagnosis, const Model& model,
                   const std::function<std::string(const Finding&)>& command);

/// The diagnosis in one or two sentences.
std::string doctor_answer(const Diagnosis& diagnosis);

}  // namespace evenkeel
