#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "evenkeel/studies/study.h"

// Studies as JSON: for `study --json`, study.json and result.json; `report` reads it.

namespace evenkeel {

nlohmann::ordered_json json_of(const StudyRun& run);
/// Throws Error that names `where` and what is missing.
StudyRun study_run_of(const nlohmann::ordered_json& json, const std::string& where);

/// `{study, ..., variants: [{name, <mean of each figure>, steps, runs: [...]}]}`; a mean is null if a run does not have
/// the figure, or has NaN for it.
nlohmann::ordered_json json_of(const StudyResult& result);
/// The result; its models have no layers. Throws Error as above.
StudyResult study_result_of(const nlohmann::ordered_json& json, const std::string& where);
/// Reads a study's folder: study.json, with the models of its run folders if they exist. Throws Error.
StudyResult read_study(const std::filesystem::path& folder);

}  // namespace evenkeel
