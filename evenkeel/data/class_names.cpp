#include "evenkeel/data/class_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// "a", "b", "c", 5 more
std::string quoted_list(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 10;
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() == kMost) {
      shown.push_back(fmt::format("{} more", names.size() - kMost));
      break;
    }
    shown.push_back('"' + name + '"');
  }
  return join(shown);
}

/// The names in `some` that are not in `others`, in order.
std::vector<std::string> without(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  std::ranges::copy_if(some, std::back_inserter(rest),
                       [&](const std::string& name) { return std::ranges::find(others, name) == others.end(); });
  return rest;
}

}  // namespace

std::vector<std::string> checked_class_names(const std::vector<std::string>& names, const std::string& where) {
  std::vector<std::string> checked;
  for (const std::string& name : names) {
    checked.push_back(printable(name));
    if (checked.back().size() > limits::kNameBytes)
      throw Error{{.where = where,
                   .expected = fmt::format("names of classes of at most {} bytes", limits::kNameBytes),
                   .received = fmt::format("one of {}", with_commas(std::ssize(checked.back())))}};
  }
  return checked;
}

Dataset with_classes(const Dataset& dataset, const std::vector<std::string>& names, const std::string& whose) {
  const std::vector<std::string>& own = dataset.class_names();
  if (own.empty() || names.empty() || own == names || !dataset.has_labels()) return dataset;
  std::vector<bool> occurs(own.size());
  for (const std::int32_t label : dataset.y().as<std::int32_t>()) occurs[static_cast<std::size_t>(label)] = true;
  std::vector<std::int32_t> to;
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const auto found = std::ranges::find(names, own[i]);
    to.push_back(found == names.end() ? -1 : static_cast<std::int32_t>(found - names.begin()));
    if (to.back() < 0 && occurs[i]) unknown.push_back(own[i]);
  }
  if (unknown.empty()) return dataset.relabelled(to, names);
  const std::vector<std::string> absent = without(names, own);
  throw Error{{.where = "data \"" + dataset.name() + '"',
               .expected = fmt::format("the classes of {}: {}", whose, quoted_list(names)),
               .received = fmt::format("{} unknown: {}{}", unknown.size() == 1 ? "a class that is" : "classes that are",
                                       quoted_list(unknown), absent.empty() ? "" : "; without " + quoted_list(absent)),
               .hint = "Rename the classes, or leave the unknown ones out."}};
}

}  // namespace evenkeel
