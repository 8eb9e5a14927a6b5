#pragma once

#include <string>

#include "evenkeel/studies/study.h"

// How the doctor's findings in a study's trained networks affect its answer.

namespace evenkeel {

/// Whether a finding is a warning or an error.
bool matters(const Finding& finding);

/// Whether a finding that matters is about moving statistics.
bool is_of_statistics(const Finding& finding);

/// Whether the moving statistics of a run do not fit, for a reason that the study is not about. Then its figures in
/// evaluation are partly an artifact of them.
bool has_artifact(const StudyInfo& info, const StudyVariant& variant);

/// What the answer says about artifacts: "The doctor finds `lagging` in `before`: the moving statistics of ..."; empty
/// if there are none.
std::string artifacts_text(const StudyInfo& info, const StudyResult& result);

/// A table of the warnings and errors in every run.
PageTable findings_table(const StudyResult& result);

}  // namespace evenkeel
