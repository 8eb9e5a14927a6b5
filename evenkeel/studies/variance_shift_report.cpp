#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/sample.h"
#include "evenkeel/base/text.h"
#include "evenkeel/studies/study_report.h"
#include "evenkeel/studies/variance_shift.h"

namespace evenkeel {
namespace {

constexpr const char* kFitted[] = {"batch_norm", "dropout_batch_norm", "uout_batch_norm"};

/// The deviation of the mean over the features between seeds; nothing for one seed.
std::optional<double> standard_error(const std::vector<double>& means) {
  if (means.size() < 2) return {};
  return deviation_of(means) / std::sqrt(static_cast<double>(means.size()));
}

/// How far each feature's variance is from the closed form.
DotChart deviation_chart(const StudyResult& result) {
  DotChart chart{.title = "Variance found by training, compared with the closed form: every feature of every seed",
                 .x_label = "deviation in %",
                 .rows = {}};
  std::vector<std::string> spreads;
  for (const char* name : kFitted) {
    const StudyVariant* variant = result.find(name);
    DotChart::Row row{.name = name, .dots = {}};
    std::vector<double> deviations, means;
    for (std::size_t r = 0; variant && r < variant->runs.size(); ++r) {
      const StudyRun& run = variant->runs[r];
      const Profile *found = run.find_profile("moving_variance"), *predicted = run.find_profile("predicted_variance");
      std::vector<double> of_run;
      for (std::size_t i = 0; found && predicted && i < found->values.size(); ++i) {
        of_run.push_back(100 * (found->values[i] / predicted->values[i] - 1));
        row.dots.emplace_back(fmt::format("seed {}, feature {}", run.seed, found->layers[i]), of_run.back());
      }
      if (of_run.empty()) continue;
      means.push_back(mean_of(of_run));
      deviations.insert(deviations.end(), of_run.begin(), of_run.end());
    }
    if (deviations.empty()) continue;
    row.mean = mean_of(deviations);
    row.error = standard_error(means);
    row.marks.emplace_back("closed form", 0);
    chart.rows.push_back(std::move(row));
    spreads.push_back(fmt::format("{:.1f} % (`{}`)", deviation_of(deviations), name));
  }
  chart.caption = fmt::format(
      "The moving variance is an average over about the last hundred batches, so it scatters: the standard deviation "
      "of the dots is {}. The bar is the standard error of the mean over the seeds.",
      join(spreads));
  return chart;
}

PageTable feature_table(const StudyResult& result) {
  PageTable table{.title = "",
                  .columns = {"variant", ">seed", ">feature", ">predicted", ">found", ">gamma", ">ones become"},
                  .rows = {}};
  for (const char* name : kFitted) {
    const StudyVariant* variant = result.find(name);
    for (std::size_t r = 0; variant && r < variant->runs.size(); ++r) {
      const StudyRun& run = variant->runs[r];
      const Profile* found = run.find_profile("moving_variance");
      for (std::size_t i = 0; found && i < found->layers.size(); ++i) {
        std::vector<std::string> row = {name, std::to_string(run.seed), found->layers[i]};
        for (const char* key : {"predicted_variance", "moving_variance", "gamma", "ones"}) {
          const Profile* profile = run.find_profile(key);
          row.push_back(profile ? fmt::format("{:.3f}", profile->values.at(i)) : "");
        }
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

/// What the normalization learns, over a setting in which variants differ, and the closed form.
LineChart parameter_chart(const StudyResult& result, const std::string& key, const std::string& spoken_key) {
  LineChart chart{.title = "Variance that the normalization learns, over " + spoken_key,
                  .x_label = spoken_key,
                  .y_label = "variance",
                  .curves = {}};
  Curve found{.name = "found", .traces = {}}, predicted{.name = "closed form", .traces = {}, .dashed = true};
  for (const StudyVariant& variant : result.variants) {
    const auto setting = variant.settings.find(key);
    if (setting == variant.settings.end()) continue;
    for (std::size_t i = 0; i < variant.runs.size(); ++i) {
      const StudyRun& run = variant.runs[i];
      if (found.traces.size() <= i) {
        found.traces.push_back({.label = fmt::format("seed {}", run.seed), .x = {}, .y = {}});
        predicted.traces.push_back(found.traces.back());
      }
      found.traces[i].x.push_back(setting->second);
      found.traces[i].y.push_back(run.figure("moving_variance").value_or(NAN));
      predicted.traces[i].x.push_back(setting->second);
      predicted.traces[i].y.push_back(run.figure("predicted_variance").value_or(NAN));
    }
  }
  if (!found.traces.empty()) chart.curves = {found, predicted};
  return chart;
}

}  // namespace

std::string VarianceShiftStudy::answer(const StudyResult& result) const {
  const StudyVariant *alone = result.find("batch_norm"), *dropout = result.find("dropout_batch_norm");
  if (!alone || !dropout || alone->runs.empty() || dropout->runs.empty()) return "No run is complete.";
  double deviation = 0;
  for (const double d : dropout->values("largest_deviation"))
    if (!(d <= deviation)) deviation = d;  // NaN, too
  return fmt::format(
      "After Dropout {:g} the normalization learns a variance of {} instead of {}, {}; in evaluation, where nothing "
      "is "
      "dropped, a row of ones becomes {} instead of {}, and with the variance restored {}.",
      options_.rate, value_text(dropout->values("moving_variance"), 2), value_text(alone->values("moving_variance"), 2),
      std::isfinite(deviation) ? fmt::format("within {:.1f} % of the closed form for every feature", 100 * deviation)
                               : "which for some features is NaN or infinite",
      value_text(dropout->values("ones"), 2), value_text(alone->values("ones"), 2),
      value_text(dropout->values("ones_restored"), 2));
}

void VarianceShiftStudy::explain(const StudyResult& result, Report& report) const {
  add_section(report, "Measured against predicted",
              {Formula{"Var_train = (c² + v) / keep − c²    and back    v = (c² + Var_train) · keep − c²"},
               Paragraph{"Inverted dropout keeps the mean c and multiplies the second moment c² + v by 1 / keep. Uout "
                         "multiplies it by 1 + β² / 3."},
               deviation_chart(result)});

  add_section(report, "Over the strength of the noise",
              {parameter_chart(result, "keep", "the keep probability"), parameter_chart(result, "beta", "Uout's β")});

  LineChart ratio = profile_chart(result, "Variance of each normalization's input in a network: evaluation / training",
                                  "ratio", "variance_ratio");
  ratio.levels = {{1, "the same"}};
  ratio.caption =
      "No dropout comes before the first normalization. Here Uout adds as much variance as Dropout, to compare them; "
      "the paper chooses a smaller one.";
  add_section(report, "In a convolutional network", {ratio});
  add_section(report, "Feature by feature", {feature_table(result)});
  report.provenance.emplace_back(
      "samples", fmt::format("{} x {} of N({:g}, standard deviation {:g}), drawn anew for each seed; the data are the "
                             "convolutional network's",
                             options_.samples, options_.features, options_.mean, options_.deviation));
}

}  // namespace evenkeel
