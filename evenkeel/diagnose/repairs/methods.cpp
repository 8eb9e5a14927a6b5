#include "evenkeel/diagnose/repairs/methods.h"

#include <algorithm>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// What "all" stands for: of the methods that keep the architecture, those that are not a weaker form of another.
/// Re-estimation makes restored variances exact.
const std::vector<std::string> kAll = {"re-estimate"};

/// The code of each finding, and the method that mends it, if there is one.
const std::vector<std::pair<std::string, std::string>> kMethodOfCode = {
    {"never-updated", "re-estimate"},
    {"lagging", "re-estimate"},
    {"stale-statistics", "re-estimate"},
    {"momentum-inverted", "re-estimate"},
    {"frozen-statistics", "re-estimate"},
    {"bad-variance", "re-estimate"},
    {"variance-shift", "re-estimate"},
    {"redundant-bias", "drop-bias"},
    {"not-finite", "remove-channels"},
    {"small-batch", "batch-renormalization"},
    {"folding-hazard", ""},
};

const RepairMethod* find_method(const std::string& name) {
  const auto found = std::ranges::find(repair_methods(), name, &RepairMethod::name);
  return found == repair_methods().end() ? nullptr : &*found;
}

Error unknown(const std::string& fix) {
  std::vector<std::string> methods, known;
  for (const RepairMethod& method : repair_methods()) methods.push_back(method.name);
  known = methods;
  known.emplace_back("all");
  for (const auto& [code, method] : kMethodOfCode) known.push_back(code);
  const std::string near = nearest(fix, known);
  return Error{{.where = "fix",
                .expected = "a method (" + join(methods) + "), the code of a finding, or \"all\"",
                .received = '"' + fix + '"',
                .hint = near.empty() ? "" : "Did you mean \"" + near + "\"?"}};
}

}  // namespace

std::string name_of(RepairKind kind) {
  switch (kind) {
    case RepairKind::exact: return "exact";
    case RepairKind::statistics: return "statistics";
    case RepairKind::training: return "needs training";
  }
  return {};
}

const std::vector<RepairMethod>& repair_methods() {
  static const std::vector<RepairMethod> methods = {
      fold_method(),
      drop_bias_method(),
      affine_method(),
      remove_channels_method(),
      reestimate_method(),
      restore_variance_method(),
      uout_method(),
      dropout_last_method(),
  };
  return methods;
}

std::string method_for(const std::string& code) {
  const auto found = std::ranges::find(kMethodOfCode, code, &std::pair<std::string, std::string>::first);
  return found == kMethodOfCode.end() ? std::string() : found->second;
}

std::vector<const RepairMethod*> methods_named(const std::string& fix) {
  std::vector<const RepairMethod*> found;
  if (fix == "all") {
    for (const std::string& name : kAll) found.push_back(find_method(name));
    return found;
  }
  const bool is_code = std::ranges::any_of(kMethodOfCode, [&](const auto& entry) { return entry.first == fix; });
  const RepairMethod* method = find_method(is_code ? method_for(fix) : fix);
  if (!method && !is_code) throw unknown(fix);
  if (!method)
    throw Error{{.where = "fix",
                 .received = "no repair mends \"" + fix + '"',
                 .hint = "It is a matter of how the network is exported or trained; docs/doctor has a page on it."}};
  return {method};
}

}  // namespace evenkeel
