#include "evenkeel/data/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/text.h"
#include "evenkeel/data/label_mapping.h"

namespace evenkeel {
namespace {

/// The position of the 1 in a one-hot row; with one column, its value, 0 or 1. -1 for other rows.
std::int32_t class_of_row(std::span<const float> row) {
  if (row.size() == 1) return row[0] == 0 || row[0] == 1 ? static_cast<std::int32_t>(row[0]) : -1;
  const auto one = std::ranges::find(row, 1.0f);
  const bool one_hot = one != row.end() && std::ranges::count(row, 0.0f) == std::ssize(row) - 1;
  return one_hot ? static_cast<std::int32_t>(one - row.begin()) : -1;
}

std::vector<std::int64_t> count(const std::vector<std::int32_t>& labels, std::size_t classes) {
  std::vector<std::int64_t> counts(classes);
  for (const std::int32_t label : labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

std::int64_t classes_in(const std::vector<std::int32_t>& labels) {
  return labels.empty() ? 0 : std::int64_t{*std::ranges::max_element(labels)} + 1;
}

std::vector<MissingClass> missing(const std::vector<std::int64_t>& here, const std::vector<std::int64_t>& there,
                                  double share_here) {
  std::vector<MissingClass> result;
  for (std::size_t i = 0; i < here.size(); ++i)
    if (here[i] == 0 && there[i] > 0)
      result.push_back({.label = static_cast<std::int64_t>(i),
                        .samples = there[i],
                        .chance = std::pow(1 - share_here, static_cast<double>(there[i]))});
  return result;
}

/// Pearson's statistic of a table of two rows, as a standard normal deviate.
double deviations_of(const std::vector<std::int64_t>& a, double n_a, const std::vector<std::int64_t>& b, double n_b) {
  double statistic = 0, degrees = -1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto in_a = static_cast<double>(a[i]), in_b = static_cast<double>(b[i]);
    const double both = in_a + in_b;
    if (both == 0) continue;
    const double surplus = in_a - both * n_a / (n_a + n_b);
    statistic += surplus * surplus * (n_a + n_b) * (n_a + n_b) / (both * n_a * n_b);
    ++degrees;
  }
  if (degrees < 1) return 0;
  const double spread = 2 / (9 * degrees);
  return (std::cbrt(statistic / degrees) - (1 - spread)) / std::sqrt(spread);
}

}  // namespace

std::vector<std::int32_t> class_labels(const Dataset& dataset) {
  if (dataset.has_labels()) {
    const auto labels = dataset.y().as<std::int32_t>();
    return {labels.begin(), labels.end()};
  }
  if (!dataset.has_targets()) return {};
  const auto values = dataset.y().as<float>();
  const auto columns = static_cast<std::size_t>(dataset.classes());
  std::vector<std::int32_t> labels;
  for (std::size_t at = 0; at < values.size(); at += columns) {
    labels.push_back(class_of_row(values.subspan(at, columns)));
    if (labels.back() < 0) return {};
  }
  return labels;
}

std::string proposed_mapping(const Dataset& dataset) {
  if (!dataset.has_labels() || !dataset.class_names().empty()) return {};
  const auto labels = dataset.y().as<std::int32_t>();
  return label_proposal(std::vector<std::int64_t>(labels.begin(), labels.end()));
}

bool is_sorted_by_class(const Dataset& dataset) {
  const std::vector<std::int32_t> labels = class_labels(dataset);
  if (labels.empty()) return false;
  const auto counts = count(labels, static_cast<std::size_t>(classes_in(labels)));
  const auto classes = std::ssize(counts) - std::ranges::count(counts, 0);
  std::int64_t blocks = 1;
  for (std::size_t i = 1; i < labels.size(); ++i) blocks += labels[i] != labels[i - 1];
  return classes >= 2 && blocks == classes && std::ssize(labels) >= 2 * classes;
}

LabelComparison compare_labels(const Dataset& first, const Dataset& second) {
  const std::vector<std::int32_t> labels_1 = class_labels(first), labels_2 = class_labels(second);
  if (labels_1.empty() || labels_2.empty()) return {};
  const auto classes = static_cast<std::size_t>(std::max(classes_in(labels_1), classes_in(labels_2)));
  LabelComparison result;
  result.first = count(labels_1, classes);
  result.second = count(labels_2, classes);
  const auto n_1 = static_cast<double>(labels_1.size()), n_2 = static_cast<double>(labels_2.size());
  result.missing_in_first = missing(result.first, result.second, n_1 / (n_1 + n_2));
  result.missing_in_second = missing(result.second, result.first, n_2 / (n_1 + n_2));
  for (std::size_t i = 0; i < classes; ++i)
    result.distance +=
        std::abs(static_cast<double>(result.first[i]) / n_1 - static_cast<double>(result.second[i]) / n_2) / 2;
  result.deviations = deviations_of(result.first, n_1, result.second, n_2);
  return result;
}

std::vector<MissingClass> beyond_chance(const std::vector<MissingClass>& missing) {
  std::vector<MissingClass> result;
  std::ranges::copy_if(missing, std::back_inserter(result), [](const MissingClass& c) { return c.chance < 1e-3; });
  return result;
}

std::string class_list(const std::vector<std::int64_t>& labels, const std::vector<std::string>& names, int most) {
  std::vector<std::string> parts;
  for (const std::int64_t label : labels) {
    if (std::ssize(parts) == most) {
      parts.push_back(fmt::format("{} more", std::ssize(labels) - most));
      break;
    }
    const bool named = label < std::ssize(names);
    parts.push_back(named ? fmt::format("{} (\"{}\")", label, names[static_cast<std::size_t>(label)])
                          : fmt::format("{}", label));
  }
  return join(parts);
}

std::string class_list(const std::vector<MissingClass>& classes, const std::vector<std::string>& names, int most) {
  std::vector<std::int64_t> labels;
  for (const MissingClass& c : classes) labels.push_back(c.label);
  return class_list(labels, names, most);
}

}  // namespace evenkeel
