#include "evenkeel/diagnose/repairs/methods.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

/// The methods of "all": those that keep the architecture, except weaker forms of others (re-estimation makes restored
/// variances exact).
const std::vector<std::string> kAll = {"re-estimate"};

const RepairMethod* find_method(const std::string& name) {
  const auto found = std::ranges::find(repair_methods(), name, &RepairMethod::name);
  return found == repair_methods().end() ? nullptr : &*found;
}

Error unknown(const std::string& fix) {
  std::vector<std::string> methods, known;
  for (const RepairMethod& method : repair_methods()) methods.push_back(method.name);
  known = methods;
  known.emplace_back("all");
  for (const CodeInfo& info : all_codes()) known.emplace_back(info.code);
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

void require_some_change(const RepairLog& log, const std::string& method, const std::string& expected,
                         const std::string& hint) {
  if (!log.changes.empty() || log.left.empty()) return;
  std::vector<std::string> reasons;
  for (const RepairNote& note : log.left) reasons.push_back('"' + note.layer + "\": " + note.text);
  throw Error{{.where = method, .expected = expected, .received = "none (" + join(reasons, ". ") + ')', .hint = hint}};
}

const std::vector<RepairMethod>& repair_methods() {
  static const std::vector<RepairMethod> methods = {
      fold_method(),
      drop_bias_method(),
      affine_method(),
      remove_channels_method(),
      reestimate_method(),
      restore_variance_method(),
      invert_momentum_method(),
      uout_method(),
      dropout_last_method(),
      group_normalization_method(),
      batch_renormalization_method(),
  };
  return methods;
}

std::string method_for(const std::string& code) {
  const auto found = std::ranges::find(all_codes(), code, &CodeInfo::code);
  return found == all_codes().end() ? std::string() : std::string(found->repair);
}

std::vector<const RepairMethod*> methods_named(const std::string& fix) {
  std::vector<const RepairMethod*> found;
  if (fix == "all") {
    for (const std::string& name : kAll) found.push_back(find_method(name));
    return found;
  }
  const RepairMethod* method = find_method(fix);
  if (!method) method = find_method(method_for(fix));
  if (method) return {method};
  if (std::ranges::find(all_codes(), fix, &CodeInfo::code) == all_codes().end()) throw unknown(fix);
  throw Error{{.where = "fix",
               .received = "no repair mends \"" + fix + '"',
               .hint = std::string(code_info(fix).advice) + " See " + documentation_of(fix) + '.'}};
}

}  // namespace evenkeel
