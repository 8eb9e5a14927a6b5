#pragma once

#include <span>
#include <string>
#include <string_view>

namespace evenkeel {

/// Whether a finding's cause is the moving statistics of its layers.
enum class OfStatistics {
  no,
  by_themselves,  ///< whatever the data
  against_data,
};

/// What is known of a finding before any network is looked at. The page docs/doctor/CODE.md says more.
struct CodeInfo {
  std::string_view code;     ///< "never-updated"
  std::string_view title;    ///< "Moving statistics were never updated"
  std::string_view repair;   ///< what `evenkeel repair --fix` takes; empty: nothing repairs it by itself
  std::string_view advice;   ///< what to do, in a sentence
  std::string_view keras;    ///< the same as code
  std::string_view pytorch;  ///< and so
  OfStatistics of_statistics = OfStatistics::no;
};

/// Every code there is, in the order of the documentation.
std::span<const CodeInfo> all_codes();
/// Throws Error, with the nearest one, for a code that does not exist.
const CodeInfo& code_info(std::string_view code);
/// Where it is documented: "docs/doctor/never-updated.md".
std::string documentation_of(std::string_view code);

}  // namespace evenkeel
