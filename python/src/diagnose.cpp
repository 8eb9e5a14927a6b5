#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/version.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/repair.h"
#include "evenkeel/diagnose/repairs/methods.h"
#include "evenkeel/report/doctor/json.h"
#include "evenkeel/report/doctor/page.h"
#include "evenkeel/report/doctor/text.h"
#include "evenkeel/report/writers/html.h"
#include "evenkeel/train/settings.h"
#include "network_model.h"
#include "report.h"
#include "train.h"
#include "values.h"
#include "work.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

DoctorWords words_of(const NetworkModel& model, const Dataset& data, const std::optional<Dataset>& train) {
  DoctorWords words{.model = model.model().name(), .data = train ? train->name() : data.name()};
  if (train) words.validation = data.name();
  words.record = model.record();
  words.has_noise = std::ranges::any_of(model.model().nodes(),
                                        [](const auto& node) { return node.layer.traits().noise.has_value(); });
  return words;
}

std::string page_of(const DoctorDescription& description, const Model& model, const DoctorWords& words) {
  evenkeel::Report page = doctor_page(description, model);
  page.provenance = {{"model", words.model},
                     {"data", words.data},
                     {"version", std::string("Evenkeel ") + kVersion},
                     {"machine", Machine::here().cpu + " (" + Machine::here().features() + ')'},
                     {"samples", std::to_string(description.samples)}};
  return html(page);
}

/// How the remedies of a report from Python are asked for.
void use_python_commands(DoctorDescription& description) {
  for (auto& entry : description.findings)
    if (!entry.command.empty()) entry.command = "ek.repair(model, data, fix=\"" + entry.finding.code + "\")";
}

std::unique_ptr<Report> diagnose_model(NetworkModel& model, const Dataset& data, const std::optional<Dataset>& train,
                                       const nb::dict& values, std::int64_t samples, std::int64_t memory, int threads,
                                       const nb::object& progress) {
  require_targets(data);
  const Settings settings = settings_for(model, values, data);
  loss_of(settings);
  auto report = std::make_unique<Report>();
  Work::run(&model.mutex(), [&](Work& work) {
    Network& network = model.network(options_of(model, settings, threads));
    const auto averages = model.averaged();
    Subject subject{
        .data = data, .train_data = train, .records = model.records(), .samples = samples, .memory_bytes = memory};
    if (const auto given = settings.get<std::int64_t>("batch_size")) subject.records.batch_size = *given;
    const Diagnosis diagnosis = diagnose(network, std::move(subject), [&](const DiagnosisStep& step) {
      const auto percent = step.expected > 0 ? static_cast<std::int64_t>(100 * step.passes / step.expected) : 0;
      show(work, progress, step.what.empty() ? 100 : std::clamp<std::int64_t>(percent, 0, 99), 100,
           "checking " + std::string(step.what));
    });
    report->worst = diagnosis.worst();
    const DoctorWords words = words_of(model, data, train);
    report->description = describe(diagnosis, words);
    use_python_commands(report->description);
    report->html = [description = report->description, described = model.model(), words] {
      return page_of(description, described, words);
    };
  });
  return report;
}

nb::object dict_of(const Metrics& metrics) {
  nb::dict dict;
  dict["loss"] = metrics.loss;
  dict["accuracy"] = metrics.accuracy ? nb::cast(*metrics.accuracy) : nb::none();
  return dict;
}

nb::list list_of(const std::vector<RepairNote>& notes) {
  nb::list list;
  for (const RepairNote& note : notes) list.append(nb::make_tuple(note.layer, note.text));
  return list;
}

nb::dict dict_of(const Repaired& repaired) {
  nb::dict dict;
  dict["methods"] = repaired.methods;
  dict["kind"] = name_of(repaired.kind);
  dict["changes"] = list_of(repaired.log.changes);
  dict["left"] = list_of(repaired.log.left);
  dict["architecture_changed"] = repaired.architecture_changed;
  dict["trained_epochs"] = repaired.trained_epochs;
  dict["no_help"] = repaired.no_help;
  dict["input_unchecked"] = repaired.input_unchecked;
  dict["before"] = repaired.scores ? dict_of(repaired.scores->before) : nb::none();
  dict["after"] = repaired.scores ? dict_of(repaired.scores->after) : nb::none();
  dict["reference"] = repaired.scores && repaired.scores->reference ? dict_of(*repaired.scores->reference) : nb::none();
  dict["scored_on"] = repaired.scores ? nb::cast(name_of(repaired.scores->on)) : nb::none();
  dict["expected"] = nb::none();
  if (repaired.expected)
    dict["expected"] =
        nb::make_tuple(repaired.expected->what, dict_of(repaired.expected->now), dict_of(repaired.expected->then));
  return dict;
}

/// The repaired model, or None where there is only advice; and what was done.
nb::tuple repair_model(NetworkModel& model, const Dataset& data, const std::optional<Dataset>& validation,
                       const std::string& fix, const nb::dict& values, std::int64_t then_train, std::int64_t memory,
                       int threads, const nb::object& progress) {
  const Settings settings = settings_for(model, values, data);
  Repaired repaired;
  std::unique_ptr<NetworkModel> mended;
  Work::run(&model.mutex(), [&](Work& work) {
    NetworkOptions network = options_of(model, settings, threads);
    network.seed = 0;  // a repair is the same whatever the network was trained from
    RepairOptions options{.fix = fix,
                          .validation = validation ? &*validation : nullptr,
                          .memory_bytes = memory,
                          .then_train = then_train};
    if (const auto size = settings.get<std::int64_t>("batch_size")) options.batch_size = *size;
    if (settings.has("loss")) options.training = trainer_options(settings, threads);
    options.stage = [&](const std::string& what) { show(work, progress, 0, 0, what); };
    const auto averages = model.averaged();
    repaired = repair(model.network(network), data, options);
    if (repaired.network) {
      // A network of its own without a loss, as every model's weights are held.
      auto weights = std::make_unique<Network>(repaired.network->model(),
                                               NetworkOptions{.seed = model.seed(), .draw_weights = false});
      for (const WeightInfo& weight : weights->weights())
        weights->set_weight(weight.name, repaired.network->weight(weight.name));
      mended = std::make_unique<NetworkModel>(std::move(weights), model.training(), model.class_names());
    }
  });
  const nb::dict what = dict_of(repaired);
  return nb::make_tuple(mended ? nb::cast(std::move(mended)) : nb::none(), what);
}

nb::list codes() {
  nb::list list;
  for (const CodeInfo& info : all_codes()) list.append(nb::make_tuple(info.code, info.title, info.repair));
  return list;
}

nb::list repairs() {
  nb::list list;
  for (const RepairMethod& method : repair_methods())
    list.append(nb::make_tuple(method.name, name_of(method.kind), method.what));
  return list;
}

}  // namespace

void bind_diagnose(nb::module_& m) {
  nb::class_<Report>(m, "Report", "What the doctor found.")
      .def_prop_ro("json", [](const Report& r) { return doctor_json(r.description); })
      .def_prop_ro("text", [](const Report& r) { return doctor_text(r.description); })
      .def_prop_ro("details", [](const Report& r) { return doctor_details(r.description); })
      .def_prop_ro("html", [](const Report& r) { return r.html(); })
      .def_prop_ro("answer", [](const Report& r) { return r.description.answer; })
      .def_prop_ro("worst", [](const Report& r) { return r.worst ? nb::cast(name_of(*r.worst)) : nb::none(); });
  m.def("diagnose", &diagnose_model, nb::arg("model"), nb::arg("data"), nb::arg("train").none(), nb::arg("settings"),
        nb::arg("samples"), nb::arg("memory"), nb::arg("threads"), nb::arg("progress").none());
  m.def("repair", &repair_model, nb::arg("model"), nb::arg("data"), nb::arg("validation").none(), nb::arg("fix"),
        nb::arg("settings"), nb::arg("then_train"), nb::arg("memory"), nb::arg("threads"), nb::arg("progress").none());
  m.def("codes", &codes);
  m.def("repairs", &repairs);
}

}  // namespace evenkeel::python
