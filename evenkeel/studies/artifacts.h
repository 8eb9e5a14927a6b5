#pragma once

#include <string>

#include "evenkeel/studies/study.h"

// What the doctor's findings in trained networks mean for the words of a study.

namespace evenkeel {

/// A warning or an error.
bool matters(const Finding& finding);

/// Whether a finding that matters is about moving statistics.
bool is_of_statistics(const Finding& finding);

/// Whether the moving statistics of a run do not fit, for a reason that the study is not about: what it has in
/// evaluation is then partly an artifact of them.
bool has_artifact(const StudyInfo& info, const StudyVariant& variant);

/// What the answer has to say of artifacts: "The doctor finds `lagging` in `before`: the moving statistics of ...";
/// empty where there are none.
std::string artifacts_text(const StudyInfo& info, const StudyResult& result);

/// Warnings and errors of every run.
PageTable findings_table(const StudyResult& result);

}  // namespace evenkeel
