#include "evenkeel/interchange/keras/problems.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel::interchange::keras {
namespace {

std::string names_of(const std::vector<std::string>& layers) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(layers.size(), kShown); ++i)
    names.push_back('"' + shortened(printable(layers[i]), 80) + '"');
  if (layers.size() > kShown) names.push_back(fmt::format("{} more", layers.size() - kShown));
  return join(names);
}

}  // namespace

void Problems::add(const std::string& what, const std::string& layer) {
  const auto found = std::ranges::find(all_, what, &std::pair<std::string, std::vector<std::string>>::first);
  if (found == all_.end())
    all_.push_back({what, {layer}});
  else
    found->second.push_back(layer);
}

std::vector<std::string> Problems::counted() const {
  std::vector<std::string> texts;
  for (const auto& [what, layers] : all_)
    texts.push_back(fmt::format("{} ({}: {})", printable(what), layers.size(), names_of(layers)));
  return texts;
}

std::vector<std::string> Problems::sentences() const {
  std::vector<std::string> texts;
  for (const auto& [what, layers] : all_) texts.push_back(fmt::format("{}: {}", what, names_of(layers)));
  return texts;
}

void Problems::throw_if_any(const std::string& where, const std::string& expected, const std::string& hint) const {
  if (!any()) return;
  throw Error{
      {.kind = Error::unsupported, .where = where, .expected = expected, .received = join(counted()), .hint = hint}};
}

}  // namespace evenkeel::interchange::keras
