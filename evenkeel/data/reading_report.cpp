#include "evenkeel/data/reading_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/data/reading_report_json.h"

namespace evenkeel {
namespace {

using Counts = ReadingReport::Counts;

constexpr std::size_t kMostNames = 20, kMostKinds = 8;

/// The most frequent first.
std::vector<std::pair<std::string, std::int64_t>> by_count(const Counts& counts) {
  std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string, std::int64_t>::second);
  return sorted;
}

/// "20 RGB, 4 gray"
std::string counts_text(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [what, count] : by_count(counts)) {
    if (parts.size() == kMostKinds) {
      parts.push_back(fmt::format("{} more kinds", counts.size() - kMostKinds));
      break;
    }
    parts.push_back(with_commas(count) + ' ' + what);
  }
  return join(parts);
}

std::string names_text(const std::vector<std::string>& names) {
  const std::vector<std::string> shown(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNames)));
  const std::size_t more = names.size() - shown.size();
  return join(shown) + (more > 0 ? fmt::format(" and {} more", with_commas(static_cast<std::int64_t>(more))) : "");
}

std::string read_text(const ReadingReport& r) {
  std::string text = with_commas(r.read);
  if (r.read < r.files) text += " of " + with_commas(r.files);
  text += r.files == 1 ? " image" : " images";
  return r.kinds.empty() ? text : text + ": " + counts_text(r.kinds);
}

std::string bits_text(const ReadingReport& r) {
  std::string text = fmt::format("{}{} of 16 bits in use", r.low_bits_unused ? "the upper " : "", r.bits_in_use);
  if (r.bits_in_use == 16 || r.low_bits_unused) return text;
  if (r.converted.contains("16 bits to 8"))
    text += ": in 8 bits they are dark";
  else
    text += fmt::format(": values up to {}, not 65,535; scale by that (Rescaling)",
                        with_commas((std::int64_t{1} << r.bits_in_use) - 1));
  return text;
}

}  // namespace

bool ReadingReport::is_remarkable() const {
  return !converted.empty() || turned > 0 || bits_in_use > 0 || !skipped.empty() || !passed_over.empty() ||
         !empty_classes.empty();
}

Counts ReadingReport::reasons() const {
  Counts counts;
  for (const Skipped& file : skipped) ++counts[file.reason];
  return counts;
}

std::string text_of_skipped(const ReadingReport& report) {
  std::vector<std::string> parts;
  for (const auto& [reason, count] : by_count(report.reasons())) {
    std::vector<std::string> names;
    for (const ReadingReport::Skipped& file : report.skipped)
      if (file.reason == reason) names.push_back(file.name);
    parts.push_back(fmt::format("{} {} ({})", with_commas(count), reason, names_text(names)));
  }
  return join(parts);
}

std::vector<std::pair<std::string, std::string>> text_of(const ReadingReport& r) {
  std::vector<std::pair<std::string, std::string>> lines = {{"images", read_text(r)}};
  const auto add = [&](bool is_there, const char* title, std::string text) {
    if (is_there) lines.emplace_back(title, std::move(text));
  };
  add(r.sizes.size() > 1, "sizes", counts_text(r.sizes) + " (height x width)");
  add(!r.converted.empty(), "converted", counts_text(r.converted));
  add(r.turned > 0, "turned", with_commas(r.turned) + " by their Exif orientation");
  add(r.resized > 0, "resized", with_commas(r.resized));
  add(r.bits_in_use > 0, "16 bits", bits_text(r));
  add(!r.skipped.empty(), "skipped", text_of_skipped(r));
  add(!r.passed_over.empty(), "passed over", counts_text(r.passed_over));
  add(!r.empty_classes.empty(), "no images", "of class " + names_text(r.empty_classes));
  return lines;
}

nlohmann::ordered_json json_of(const ReadingReport& r) {
  using Json = nlohmann::ordered_json;
  const auto counted = [](const Counts& counts) {
    Json json = Json::object();
    for (const auto& [what, count] : by_count(counts)) json[what] = count;
    return json;
  };
  Json skipped = Json::array();
  for (const ReadingReport::Skipped& file : r.skipped)
    skipped.push_back({{"file", file.name}, {"reason", file.reason}, {"detail", printable(file.error.what())}});
  return {{"files", r.files},
          {"read", r.read},
          {"kinds", counted(r.kinds)},
          {"sizes", counted(r.sizes)},
          {"converted", counted(r.converted)},
          {"turned", r.turned},
          {"resized", r.resized},
          {"bits_in_use", r.bits_in_use > 0 ? Json(r.bits_in_use) : Json()},
          {"skipped_by_reason", counted(r.reasons())},
          {"skipped", skipped},
          {"passed_over", counted(r.passed_over)},
          {"classes_without_images", r.empty_classes}};
}

}  // namespace evenkeel
