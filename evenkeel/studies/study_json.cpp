#include "evenkeel/studies/study_json.h"

#include <cmath>
#include <limits>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/model_file.h"

namespace evenkeel {
namespace {

using Json = nlohmann::ordered_json;

/// NaN and infinite values are null.
Json numbers(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double v : values) json.push_back(std::isfinite(v) ? Json(v) : Json());
  return json;
}

std::vector<double> numbers_of(const Json& json) {
  std::vector<double> values;
  for (const Json& v : json) values.push_back(v.is_null() ? std::numeric_limits<double>::quiet_NaN() : v.get<double>());
  return values;
}

Json json_of(const Figures& figures) {
  Json json = Json::object();
  for (const auto& [name, value] : figures) json[name] = std::isfinite(value) ? Json(value) : Json();
  return json;
}

Figures figures_of(const Json& json) {
  Figures figures;
  for (const auto& [name, value] : json.items())
    figures[name] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  return figures;
}

Json json_of(const Finding& finding) {
  return {{"code", finding.code},
          {"severity", name_of(finding.severity)},
          {"layers", finding.layers},
          {"cause", finding.cause}};
}

Finding finding_of(const Json& json) {
  Finding finding{.code = json.at("code").get<std::string>(),
                  .layers = json.at("layers").get<std::vector<std::string>>(),
                  .cause = json.at("cause").get<std::string>()};
  for (const Severity severity : {Severity::warning, Severity::error})
    if (json.at("severity").get<std::string>() == name_of(severity)) finding.severity = severity;
  return finding;
}

/// For older files, which had figures with re-estimated statistics under other names.
Figures former_reestimated(const StudyRun& run) {
  Figures figures;
  if (const auto accuracy = run.figure("reestimated_accuracy")) figures["test_accuracy"] = *accuracy;
  if (const Series* loss = run.find_curve("reestimated_loss"); loss && !loss->y.empty())
    figures["test_loss"] = loss->y.back();
  return figures;
}

std::int64_t count_of(const Json& json, const char* key) {
  return formats::whole_number(json, key, 0, limits::kSteps, "study");
}

StudyRun read_run(const Json& json) {
  if (!json.at("seed").is_number_unsigned())
    throw Error{{.where = "study: \"seed\"",
                 .expected = "a whole number from 0 on",
                 .received = formats::json_text(json["seed"])}};
  StudyRun run{.seed = json["seed"].get<std::uint64_t>(),
               .steps = count_of(json, "steps"),
               .seconds = json.at("seconds").get<double>(),
               .images_per_s = json.at("images_per_s").get<double>()};
  run.figures = figures_of(json.at("figures"));
  for (const auto& [name, series] : json.at("series").items())
    run.series.push_back({.name = name, .x = numbers_of(series.at("step")), .y = numbers_of(series.at("value"))});
  for (const auto& [name, profile] : json.at("profiles").items())
    run.profiles.push_back({.name = name,
                            .layers = profile.at("layer").get<std::vector<std::string>>(),
                            .values = numbers_of(profile.at("value"))});
  run.reestimated = json.contains("reestimated") ? figures_of(json["reestimated"]) : former_reestimated(run);
  if (json.contains("findings"))
    for (const Json& finding : json["findings"]) run.findings.push_back(finding_of(finding));
  return run;
}

Json json_of(const StudyVariant& variant) {
  Json json{{"name", variant.name},
            {"description", variant.description},
            {"parameters", variant.parameters},
            {"trainable_parameters", variant.trainable_parameters},
            {"settings", variant.settings},
            {"steps", variant.runs.empty() ? 0 : variant.runs.front().steps}};
  std::set<std::string> names, reestimated;
  std::vector<double> seconds, rates;
  for (const StudyRun& run : variant.runs) {
    for (const auto& [name, value] : run.figures) names.insert(name);
    for (const auto& [name, value] : run.reestimated) reestimated.insert(name);
    seconds.push_back(run.seconds);
    rates.push_back(run.images_per_s);
  }
  const auto mean_of_runs = [&](const std::vector<double>& values) {
    const auto mean = variant.mean(values);
    return mean ? Json(*mean) : Json();
  };
  for (const std::string& name : names) json[name] = mean_of_runs(variant.values(name));
  json["reestimated"] = Json::object();
  for (const std::string& name : reestimated) json["reestimated"][name] = mean_of_runs(variant.reestimated(name));
  json["seconds"] = mean_of(seconds);
  json["images_per_s"] = mean_of(rates);
  json["runs"] = Json::array();
  for (const StudyRun& run : variant.runs) json["runs"].push_back(evenkeel::json_of(run));
  return json;
}

StudyResult read_result(const Json& json) {
  StudyResult result{
      .study = json.at("study").get<std::string>(),
      .settings = {.quick = json.at("quick").get<bool>()},
      .data = json.at("data").get<std::string>(),
      .data_fingerprint = json.at("data_fingerprint").get<std::string>(),
      .batch_size = count_of(json, "batch_size"),
      .threads = static_cast<int>(formats::whole_number(json, "threads", 0, std::numeric_limits<int>::max(), "study")),
      .precision = json.value("precision", "float32"),
      .command = json.at("command").get<std::vector<std::string>>(),
      .started = json.at("started").get<std::string>(),
      .version = json.at("version").get<std::string>(),
      .machine = json.at("machine").get<std::string>()};
  if (json.contains("sweep"))
    result.settings.sweep = {.name = json["sweep"].at("name").get<std::string>(),
                             .values = json["sweep"].at("values").get<std::vector<double>>()};
  if (json.contains("rounds")) result.settings.rounds = count_of(json, "rounds");
  for (const Json& v : json.at("variants")) {
    StudyVariant variant{.name = v.at("name").get<std::string>(),
                         .description = v.at("description").get<std::string>(),
                         .model = Model({1}),
                         .settings = v.at("settings").get<std::map<std::string, double>>(),
                         .parameters = count_of(v, "parameters"),
                         .trainable_parameters = count_of(v, "trainable_parameters")};
    for (const Json& run : v.at("runs")) variant.runs.push_back(read_run(run));
    result.variants.push_back(std::move(variant));
  }
  return result;
}

template <class F>
auto reading(const std::string& where, const char* what, F&& read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    throw Error{{.where = where, .expected = what, .received = error.what()}};
  }
}

}  // namespace

Json json_of(const StudyRun& run) {
  Json json{{"seed", run.seed},
            {"steps", run.steps},
            {"seconds", run.seconds},
            {"images_per_s", run.images_per_s},
            {"figures", json_of(run.figures)},
            {"reestimated", json_of(run.reestimated)},
            {"findings", Json::array()},
            {"series", Json::object()},
            {"profiles", Json::object()}};
  for (const Finding& finding : run.findings) json["findings"].push_back(json_of(finding));
  for (const Series& s : run.series) json["series"][s.name] = {{"step", numbers(s.x)}, {"value", numbers(s.y)}};
  for (const Profile& p : run.profiles) json["profiles"][p.name] = {{"layer", p.layers}, {"value", numbers(p.values)}};
  return json;
}

StudyRun study_run_of(const Json& json, const std::string& where) {
  return reading(where, "the result of a study's run", [&] { return read_run(json); });
}

Json json_of(const StudyResult& result) {
  Json json{{"study", result.study},
            {"quick", result.settings.quick},
            {"data", result.data},
            {"data_fingerprint", result.data_fingerprint},
            {"batch_size", result.batch_size},
            {"threads", result.threads},
            {"precision", result.precision},
            {"command", result.command},
            {"started", result.started},
            {"version", result.version},
            {"machine", result.machine}};
  if (result.settings.sweep)
    json["sweep"] = {{"name", result.settings.sweep->name}, {"values", result.settings.sweep->values}};
  if (result.settings.rounds) json["rounds"] = *result.settings.rounds;
  json["variants"] = Json::array();
  for (const StudyVariant& variant : result.variants) json["variants"].push_back(json_of(variant));
  return json;
}

StudyResult study_result_of(const Json& json, const std::string& where) {
  return reading(where, "the result of a study", [&] { return read_result(json); });
}

StudyResult read_study(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "study.json";
  StudyResult result = study_result_of(formats::read_json(file), file.string());
  for (StudyVariant& variant : result.variants) {
    if (variant.runs.empty()) continue;
    const auto model = folder / run_folder_name(variant.name, variant.runs.front().seed) / "model.toml";
    if (formats::exists(model)) variant.model = read_model_file(model).model;
  }
  return result;
}

}  // namespace evenkeel
