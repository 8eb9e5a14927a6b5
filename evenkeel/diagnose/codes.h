#pragma once

#include <span>
#include <string>
#include <string_view>

namespace evenkeel {

/// Whether a finding's cause is the moving statistics of its layers.
enum class OfStatistics {
  no,
  by_themselves,  ///< whatever the data are
  against_data,
};

/// What is known about a code without any network. The page docs/doctor/CODE.md says more.
struct CodeInfo {
  std::string_view code;     ///< "never-updated"
  std::string_view title;    ///< "Moving statistics were never updated"
  std::string_view repair;   ///< method for `evenkeel repair --fix`; empty: there is no repair
  std::string_view advice;   ///< what to do, in a sentence
  std::string_view keras;    ///< the advice as Keras code
  std::string_view pytorch;  ///< the advice as PyTorch code
  OfStatistics of_statistics = OfStatistics::no;
  /// Whether its layers yield the same whatever they read: the graph alone says so.
  bool is_dead_end = false;
};

/// All codes, in the order of the documentation.
std::span<const CodeInfo> all_codes();
/// Throws Error, with the nearest one, for a code that does not exist.
const CodeInfo& code_info(std::string_view code);
/// The page of a code: "docs/doctor/never-updated.md".
std::string documentation_of(std::string_view code);

}  // namespace evenkeel
