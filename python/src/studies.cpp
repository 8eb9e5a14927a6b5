#include "studies.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <filesystem>

#include "evenkeel/data/sources.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/report/writers/html.h"
#include "evenkeel/report/writers/page_json.h"
#include "evenkeel/studies/run_study.h"
#include "evenkeel/studies/study_json.h"
#include "evenkeel/studies/study_report.h"
#include "evenkeel/train/settings.h"
#include "values.h"
#include "work.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

/// Tells Python what a study measures: `line(text)` and `step(variant, seed, done, of, loss)` of an object.
class Observer final : public StudyObserver {
 public:
  Observer(Work& work, const nb::object& events) : work_(work), events_(events) {}
  void run_begins(const StudyVariant& variant, std::uint64_t seed) override {
    variant_ = variant.name;
    seed_ = seed;
  }
  void step(std::int64_t done, std::int64_t of, const Metrics& batch) override {
    if (events_.is_none() || (!work_.due() && done < of)) return;
    work_.ask([&] { events_.attr("step")(variant_, seed_, done, of, batch.loss); });
  }
  void line(const std::string& text) override { tell("line", text); }
  void run_ends(const StudyVariant& variant, const StudyRun& run, bool) override {
    if (!events_.is_none()) work_.ask([&] { events_.attr("run")(variant.name, run.seed, run.seconds); });
  }
  void warn(const std::string& text) override { tell("warn", text); }

 private:
  void tell(const char* method, const std::string& text) {
    if (!events_.is_none()) work_.ask([&] { events_.attr(method)(text); });
  }

  Work& work_;
  const nb::object& events_;
  std::string variant_;
  std::uint64_t seed_ = 0;
};

/// The first of the study's data sets that is on this disk.
std::string data_name(const StudyInfo& info, const std::string& data_dir) {
  for (const std::string& name : info.datasets)
    if (find_source(name, data_dir)) return name;
  return info.datasets.back();
}

/// The study's result as JSON, and its report as a page.
nb::dict run(const std::string& name, bool quick, const std::vector<std::uint64_t>& seeds, const std::string& data,
             const std::string& data_dir, const std::string& out, bool resume,
             const std::optional<std::pair<std::string, std::vector<double>>>& sweep,
             const std::optional<std::int64_t>& rounds, const nb::dict& values, int threads, const std::string& started,
             const nb::object& events) {
  StudySettings settings{.quick = quick, .rounds = rounds};
  if (sweep) settings.sweep = StudySweep{.name = sweep->first, .values = sweep->second};
  StudyPlan plan{.seeds = seeds,
                 .compute = network_options(training_keys().checked(settings_of(values))).compute,
                 .out = out,
                 .resume = resume,
                 .started = started};
  plan.compute.threads = threads;
  std::string json, page, answer;
  nb::dict dict;
  Work::run(nullptr, [&](Work& work) {
    const std::string set = data.empty() ? data_name(study_info(name), data_dir) : data;
    const StudyData loaded{.train = load_dataset(set + ":train", Split::train, data_dir),
                           .test = load_dataset(set + ":test", Split::test, data_dir)};
    const auto study = make_study(name, settings, loaded);
    Observer observer(work, events);
    const StudyResult result = run_study(*study, settings, loaded, plan, observer, work.token());
    work.check();
    const evenkeel::Report report = study_report(*study, result);
    json = formats::json_text(json_of(result));
    page = html(report);
    answer = report.answer;
    if (!out.empty()) {
      formats::write_file_atomically(std::filesystem::path(out) / "report.html", page);
      formats::write_file_atomically(std::filesystem::path(out) / "report.json", report_json(report));
    }
    std::vector<std::pair<std::string, std::string>> summaries;
    for (const StudyVariant& variant : result.variants)
      if (variant.model.layers() > 0) summaries.emplace_back(variant.name, summary(variant.model));
    work.ask([&] { dict["summaries"] = nb::cast(summaries); });
  });
  dict["json"] = json;
  dict["html"] = page;
  dict["answer"] = answer;
  return dict;
}

nb::list descriptions() {
  nb::list all;
  for (const std::string& name : study_names()) {
    const StudyInfo& info = study_info(name);
    nb::dict dict;
    dict["name"] = name;
    dict["question"] = info.question;
    dict["datasets"] = info.datasets;
    dict["sweeps"] = info.sweeps;
    dict["quick"] = info.quick;
    nb::list figures;
    for (const StudyFigure& figure : info.figures) figures.append(nb::make_tuple(figure.key, figure.title));
    dict["figures"] = figures;
    all.append(dict);
  }
  return all;
}

}  // namespace

void bind_studies(nb::module_& m) {
  m.def("run_study", &run, nb::arg("name"), nb::arg("quick"), nb::arg("seeds"), nb::arg("data"), nb::arg("data_dir"),
        nb::arg("out"), nb::arg("resume"), nb::arg("sweep").none(), nb::arg("rounds").none(), nb::arg("settings"),
        nb::arg("threads"), nb::arg("started"), nb::arg("events").none());
  m.def("study_descriptions", &descriptions);
}

}  // namespace evenkeel::python
