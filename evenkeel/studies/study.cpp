#include "evenkeel/studies/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/base/sample.h"
#include "evenkeel/base/text.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/studies/depth.h"
#include "evenkeel/studies/dropout.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/run_study.h"
#include "evenkeel/studies/speedup.h"
#include "evenkeel/studies/variance_shift.h"

namespace evenkeel {
namespace {

struct Entry {
  const StudyInfo& (*info)();
  std::unique_ptr<Study> (*make)(const StudySettings&, const StudyData&);
};

template <class T>
Entry entry() {
  return {.info = &T::about,
          .make = [](const StudySettings& settings, const StudyData& data) -> std::unique_ptr<Study> {
            return std::make_unique<T>(settings, data);
          }};
}

const std::vector<Entry>& registry() {
  static const std::vector<Entry> entries = {entry<DepthStudy>(), entry<PlacementStudy>(), entry<SpeedupStudy>(),
                                             entry<DropoutStudy>(), entry<VarianceShiftStudy>()};
  return entries;
}

const Entry& find_entry(const std::string& name) {
  for (const Entry& e : registry())
    if (e.info().name == name) return e;
  throw Error{{.where = "study", .expected = "one of " + join(study_names()), .received = '"' + name + '"'}};
}

/// Each value has its own variants and folders, which contain it in their names.
void check_values(const std::string& where, const std::vector<double>& values) {
  if (values.empty()) throw Error{{.where = where, .expected = "values", .received = "none"}};
  std::set<std::string> names;
  for (const double value : values) {
    if (!std::isfinite(value) || value <= 0)
      throw Error{{.where = where, .expected = "numbers above 0", .received = fmt::format("{:g}", value)}};
    if (!names.insert(fmt::format("{:g}", value)).second)
      throw Error{{.where = where, .expected = "every value once", .received = fmt::format("{:g} twice", value)}};
  }
}

void check(const StudyInfo& info, const StudySettings& settings) {
  if (settings.rounds && *settings.rounds < 1)
    throw Error{
        {.where = "study " + info.name, .expected = "at least 1 round", .received = std::to_string(*settings.rounds)}};
  if (settings.rounds && !info.has_rounds)
    throw Error{{.where = "study " + info.name + ": rounds",
                 .expected = "none: this study has no rounds",
                 .received = std::to_string(*settings.rounds)}};
  if (!settings.sweep) return;
  if (std::ranges::find(info.sweeps, settings.sweep->name) == info.sweeps.end())
    throw Error{{.where = "study " + info.name + ": sweep",
                 .expected = info.sweeps.empty() ? "none: this study has no sweep" : "one of " + join(info.sweeps),
                 .received = '"' + settings.sweep->name + '"'}};
  check_values("study " + info.name + ": " + settings.sweep->name, settings.sweep->values);
}

template <class T>
auto* find_named(T& all, const std::string& name) {
  const auto found = std::ranges::find_if(all, [&](const auto& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

Series& StudyRun::curve(const std::string& name) {
  if (Series* found = find_named(series, name)) return *found;
  return series.emplace_back(Series{.name = name, .x = {}, .y = {}});
}

const Series* StudyRun::find_curve(const std::string& name) const { return find_named(series, name); }
const Profile* StudyRun::find_profile(const std::string& name) const { return find_named(profiles, name); }

std::optional<double> StudyRun::figure(const std::string& name) const {
  const auto found = figures.find(name);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> StudyRun::reestimated_figure(const std::string& name) const {
  const auto found = reestimated.find(name);
  return found == reestimated.end() ? figure(name) : found->second;
}

double StudyVariant::setting(const std::string& key, double otherwise) const {
  const auto found = settings.find(key);
  return found == settings.end() ? otherwise : found->second;
}

std::vector<double> StudyVariant::values(const std::string& figure) const {
  std::vector<double> all;
  for (const StudyRun& run : runs)
    if (const auto value = run.figure(figure)) all.push_back(*value);
  return all;
}

std::vector<double> StudyVariant::reestimated(const std::string& figure) const {
  if (std::ranges::none_of(runs, [&](const StudyRun& run) { return run.reestimated.contains(figure); })) return {};
  std::vector<double> all;
  for (const StudyRun& run : runs)
    if (const auto value = run.reestimated_figure(figure)) all.push_back(*value);
  return all;
}

std::optional<double> StudyVariant::mean(const std::vector<double>& values) const {
  const bool complete =
      values.size() == runs.size() && std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
  return complete && !values.empty() ? std::optional(mean_of(values)) : std::nullopt;
}

const StudyVariant* StudyResult::find(const std::string& variant) const { return find_named(variants, variant); }

StudyVariant make_variant(std::string name, std::string description, Model model) {
  const ModelSummary summary = summarize(model);
  return {.name = std::move(name),
          .description = std::move(description),
          .model = std::move(model),
          .parameters = summary.total,
          .trainable_parameters = summary.trainable};
}

std::vector<std::string> study_names() {
  std::vector<std::string> names;
  for (const Entry& e : registry()) names.push_back(e.info().name);
  return names;
}

const StudyInfo& study_info(const std::string& name) { return find_entry(name).info(); }

std::unique_ptr<Study> make_study(const std::string& name, const StudySettings& settings, const StudyData& data) {
  const Entry& e = find_entry(name);
  check(e.info(), settings);
  return e.make(settings, data);
}

std::string run_folder_name(const std::string& variant, std::uint64_t seed) {
  return variant + "-seed" + std::to_string(seed);
}

}  // namespace evenkeel
