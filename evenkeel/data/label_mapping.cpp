#include "evenkeel/data/label_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

constexpr std::size_t kShown = 5;  ///< how many values a message shows

/// The values that occur, in order.
template <class T>
std::vector<T> distinct(std::span<const T> values) {
  std::vector<T> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

/// In alphabetical order; if all are numbers, by value: "2" before "10".
std::vector<std::string> distinct_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> all = distinct<std::string>(texts);
  const bool numbers = std::ranges::all_of(all, [](const std::string& text) { return number_of(text).has_value(); });
  if (numbers) std::ranges::stable_sort(all, {}, [](const std::string& text) { return *number_of(text); });
  return all;
}

/// Labels as indices in the list of values.
template <class T>
MappedLabels by_place(std::span<const T> labels, const std::vector<T>& values, std::vector<std::string> names) {
  std::vector<std::pair<T, std::int32_t>> places;
  for (std::size_t i = 0; i < values.size(); ++i) places.emplace_back(values[i], static_cast<std::int32_t>(i));
  std::ranges::sort(places);
  MappedLabels result{.labels = Tensor({std::ssize(labels)}, DType::int32), .class_names = std::move(names)};
  std::ranges::transform(labels, result.labels.as<std::int32_t>().begin(), [&](const T& label) {
    return std::ranges::lower_bound(places, label, {}, &std::pair<T, std::int32_t>::first)->second;
  });
  return result;
}

std::vector<std::string> as_texts(const std::vector<std::int64_t>& numbers) {
  std::vector<std::string> texts;
  for (const std::int64_t number : numbers) texts.push_back(std::to_string(number));
  return texts;
}

/// "0, 4, 7, ..., 255"
std::string in_short(std::vector<std::string> values) {
  if (values.size() > kShown) {
    const std::string last = values.back();
    values.resize(kShown - 2);
    values.insert(values.end(), {"...", last});
  }
  return join(values);
}

MappedLabels shifted(std::span<const std::int64_t> labels, std::int64_t first, std::int64_t classes) {
  MappedLabels result{.labels = Tensor({std::ssize(labels)}, DType::int32), .class_names = {}};
  std::ranges::transform(labels, result.labels.as<std::int32_t>().begin(),
                         [&](std::int64_t label) { return static_cast<std::int32_t>(label - first); });
  for (std::int64_t i = 0; i < classes; ++i) result.class_names.push_back(std::to_string(i + first));
  return result;
}

/// Without class names the largest label decides how many classes there are, and so how much memory they need.
constexpr std::int64_t kMostClasses = std::int64_t{1} << 20;

}  // namespace

const std::vector<std::string>& label_mapping_names() {
  static const std::vector<std::string> names = {"from-1", "names", "contiguous"};
  return names;
}

LabelMapping label_mapping_named(const std::string& name) {
  if (name.empty()) return LabelMapping::none;
  if (name == "from-1") return LabelMapping::from_one;
  if (name == "names") return LabelMapping::names;
  if (name == "contiguous") return LabelMapping::contiguous;
  const std::string near = nearest(name, label_mapping_names());
  throw Error{{.where = "--labels",
               .expected = "one of " + join(label_mapping_names()),
               .received = '"' + name + '"',
               .hint = near.empty() ? "" : "Did you mean \"" + near + "\"?"}};
}

std::string label_proposal(std::span<const std::int64_t> labels) {
  if (labels.empty()) return {};
  const std::vector<std::int64_t> values = distinct(labels);
  const std::int64_t least = values.front(), most = values.back(), count = std::ssize(values);
  // Unsigned: the distance of two labels can exceed what they hold.
  const bool without_gaps =
      static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least) == static_cast<std::uint64_t>(count) - 1;
  if (least == 0 && without_gaps) return {};
  if (least == 1 && without_gaps && count > 1)
    return fmt::format("Labels are 1 to {}: --labels from-1 maps them to 0 to {}.", most, most - 1);
  return fmt::format("Labels are {}: --labels contiguous maps them to 0 to {}, in this order.",
                     in_short(as_texts(values)), count - 1);
}

MappedLabels map_labels(const std::string& where, std::span<const std::int64_t> labels, LabelMapping mapping) {
  if (labels.empty()) return {.labels = Tensor({0}, DType::int32), .class_names = {}};
  if (mapping == LabelMapping::contiguous || mapping == LabelMapping::names) {
    const std::vector<std::int64_t> values = distinct(labels);
    return by_place<std::int64_t>(labels, values, as_texts(values));
  }
  const bool from_one = mapping == LabelMapping::from_one;
  const std::int64_t first = from_one ? 1 : 0;
  const auto [least, most] = std::ranges::minmax_element(labels);
  if (*least < first || *most - first >= kMostClasses) {
    const auto wrong = *least < first ? least : most;
    throw Error{{.where = where,
                 .expected = fmt::format("labels from {} to {}", first, kMostClasses - 1 + first),
                 .received = fmt::format("{} in sample {}", *wrong, wrong - labels.begin()),
                 .hint = from_one ? "Labels that begin at 0 need no mapping." : label_proposal(labels)}};
  }
  if (from_one) return shifted(labels, 1, *most);
  return shifted(labels, 0, 0);
}

MappedLabels map_labels(const std::string& where, const std::vector<std::string>& labels, LabelMapping mapping) {
  const std::vector<std::string> names = distinct_texts(labels);
  if (mapping == LabelMapping::names || mapping == LabelMapping::contiguous)
    return by_place<std::string>(labels, names, names);
  throw Error{
      {.where = where,
       .expected = "labels that are whole numbers",
       .received = "texts: " + in_short(names),
       .hint = fmt::format("--labels names maps these {} to 0 to {}, in this order.", names.size(), names.size() - 1)}};
}

}  // namespace evenkeel
