#include "evenkeel/data/npz_layout.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace evenkeel {
namespace {

// Better ones first.
constexpr std::array<std::string_view, 12> kSamples = {"x",      "xs",       "images", "image",  "imgs",    "data",
                                                       "inputs", "features", "input",  "sample", "samples", "pixels"};
constexpr std::array<std::string_view, 10> kTargets = {"y",      "ys",      "labels", "label",  "targets",
                                                       "target", "classes", "class",  "output", "outputs"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kSplits = {{{"train", "train"},
                                                                                   {"training", "train"},
                                                                                   {"test", "test"},
                                                                                   {"testing", "test"},
                                                                                   {"validation", "validation"},
                                                                                   {"valid", "validation"},
                                                                                   {"val", "validation"},
                                                                                   {"dev", "validation"},
                                                                                   {"eval", "validation"}}};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// "X_train" -> "x", "train"
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  for (const char c : lower(name)) {
    if (c == '_' || c == '-' || c == '.' || c == '/' || c == ' ')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

template <std::size_t n>
std::optional<std::size_t> place_in(const std::array<std::string_view, n>& list, const std::string& word) {
  const auto found = std::ranges::find(list, word);
  return found == list.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - list.begin()));
}

/// The meaning of a name: a split, and the rank among the names of samples or of targets.
struct Role {
  std::string split;
  bool is_targets = false;
  std::size_t place = 0;
};

std::optional<Role> role_of(const std::string& name) {
  std::vector<std::string> words = words_of(name);
  Role role;
  for (std::size_t i = 0; i < words.size() && words.size() == 2; ++i)
    if (const auto split = split_named(words[i])) {
      role.split = *split;
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
    }
  if (words.size() != 1) return {};
  const auto samples = place_in(kSamples, words[0]), targets = place_in(kTargets, words[0]);
  if (!samples && !targets) return {};
  role.is_targets = targets.has_value();
  role.place = role.is_targets ? *targets : *samples;
  return role;
}

constexpr std::string_view kSeparators = "_-./ ";

/// The name of an input, without the split before or after it. "left_image_train" -> "train", "left_image"
std::pair<std::string, std::string> split_and_input(const std::string& name, const std::vector<std::string>& inputs) {
  const auto last = name.find_last_of(kSeparators), first = name.find_first_of(kSeparators);
  if (std::ranges::count(inputs, name) > 0 || first == std::string::npos) return {"", name};
  if (const auto split = split_named(name.substr(last + 1))) return {*split, name.substr(0, last)};
  if (const auto split = split_named(name.substr(0, first))) return {*split, name.substr(first + 1)};
  return {"", name};
}

/// The arrays of each split that are named as the inputs, in their order; an empty name where one is missing.
std::map<std::string, std::vector<std::string>> arrays_of_inputs(const std::vector<std::string>& names,
                                                                 const std::vector<std::string>& inputs) {
  std::map<std::string, std::vector<std::string>> found;
  for (const std::string& name : names) {
    const auto [split, input] = split_and_input(name, inputs);
    const auto at = std::ranges::find(inputs, input);
    if (at == inputs.end()) continue;
    auto& arrays = found[split];
    arrays.resize(inputs.size());
    arrays[static_cast<std::size_t>(at - inputs.begin())] = name;
  }
  return found;
}

}  // namespace

std::optional<std::string> split_named(const std::string& word) {
  const auto found = std::ranges::find(kSplits, lower(word), &std::pair<std::string_view, std::string_view>::first);
  return found == kSplits.end() ? std::nullopt : std::optional(std::string(found->second));
}

std::vector<NpzPair> npz_pairs(const std::vector<std::string>& names, const std::vector<std::string>& inputs) {
  struct Best {
    std::optional<std::size_t> place;
    std::string name;
  };
  std::map<std::string, std::pair<Best, Best>> splits;  // samples and targets
  for (const std::string& name : names) {
    const auto role = role_of(name);
    if (!role) continue;
    auto& [samples, targets] = splits[role->split];
    Best& best = role->is_targets ? targets : samples;
    if (!best.place || role->place < *best.place) best = {role->place, name};
  }
  const auto named = arrays_of_inputs(names, inputs);
  std::vector<NpzPair> pairs;
  for (const char* split : {"", "train", "validation", "test"}) {
    const auto found = splits.find(split);
    NpzPair pair{.split = split, .samples = "", .targets = ""};
    if (found != splits.end()) pair.targets = found->second.second.name;
    if (const auto own = named.find(split); own != named.end() && std::ranges::count(own->second, "") == 0) {
      pair.samples = own->second.front();
      pair.more.assign(own->second.begin() + 1, own->second.end());
      if (std::ranges::count(own->second, pair.targets) > 0) pair.targets.clear();
    } else if (inputs.size() <= 1 && found != splits.end() && found->second.first.place) {
      pair.samples = found->second.first.name;
    }
    if (!pair.samples.empty()) pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace evenkeel
