#include "evenkeel/studies/artifacts.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

/// If there are more variants than this, their number is shown instead of their names.
constexpr std::size_t kNamed = 4;

bool is_artifact(const StudyInfo& info, const Finding& finding) {
  return is_of_statistics(finding) && std::ranges::count(info.subject, finding.code) == 0;
}

/// The variants with an artifact of this code, and the first finding of it.
struct Artifact {
  std::string code, cause;
  std::vector<std::string> variants;

  std::string where() const {
    return variants.size() > kNamed ? fmt::format("{} variants", variants.size()) : join(variants, " and ");
  }
};

std::vector<Artifact> artifacts_of(const StudyInfo& info, const StudyResult& result) {
  std::vector<Artifact> all;
  for (const StudyVariant& variant : result.variants)
    for (const StudyRun& run : variant.runs)
      for (const Finding& finding : run.findings) {
        if (!is_artifact(info, finding)) continue;
        auto artifact = std::ranges::find(all, finding.code, &Artifact::code);
        if (artifact == all.end())
          artifact = all.insert(all.end(), Artifact{.code = finding.code, .cause = finding.cause, .variants = {}});
        const std::string name = '`' + variant.name + '`';
        if (std::ranges::count(artifact->variants, name) == 0) artifact->variants.push_back(name);
      }
  return all;
}

}  // namespace

bool matters(const Finding& finding) { return finding.severity >= Severity::warning; }

bool is_of_statistics(const Finding& finding) {
  const auto of_statistics = [&](const CodeInfo& info) {
    return info.code == finding.code && info.of_statistics != OfStatistics::no;
  };
  return matters(finding) && std::ranges::any_of(all_codes(), of_statistics);
}

bool has_artifact(const StudyInfo& info, const StudyVariant& variant) {
  return std::ranges::any_of(variant.runs, [&](const StudyRun& run) {
    return std::ranges::any_of(run.findings, [&](const Finding& finding) { return is_artifact(info, finding); });
  });
}

std::string artifacts_text(const StudyInfo& info, const StudyResult& result) {
  std::string text;
  for (const Artifact& artifact : artifacts_of(info, result))
    text += fmt::format(" The doctor finds `{}` in {}: {}.", artifact.code, artifact.where(), artifact.cause);
  const bool reestimated = std::ranges::any_of(result.variants, [](const StudyVariant& variant) {
    return std::ranges::any_of(variant.runs, [](const StudyRun& run) { return !run.reestimated.empty(); });
  });
  if (!text.empty() && reestimated)
    text += " Differences in evaluation come partly from that: compare the figures with re-estimated statistics.";
  return text;
}

PageTable findings_table(const StudyResult& result) {
  PageTable table{.title = "", .columns = {"variant", ">seed", "finding", "severity", "cause"}, .rows = {}};
  for (const StudyVariant& variant : result.variants)
    for (const StudyRun& run : variant.runs)
      for (const Finding& finding : run.findings)
        if (matters(finding))
          table.rows.push_back({variant.name, std::to_string(run.seed), finding.code,
                                std::string(name_of(finding.severity)), finding.cause});
  table.caption =
      "Warnings and errors of the rules that need a few passes of 1,000 training images. `evenkeel doctor` on a run's "
      "folder measures more.";
  return table;
}

}  // namespace evenkeel
