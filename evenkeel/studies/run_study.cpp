#include "evenkeel/studies/run_study.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/error.h"
#include "evenkeel/base/version.h"
#include "evenkeel/distributed/messages.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/runs/folder_lock.h"
#include "evenkeel/studies/study_json.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// What a finished run must have in common with the study that reuses it.
Json identity_of(const StudyResult& result, const StudyVariant& variant) {
  Json json{{"study", result.study},          {"variant", variant.name},         {"settings", variant.settings},
            {"quick", result.settings.quick}, {"data", result.data_fingerprint}, {"threads", result.threads}};
  if (result.precision != "float32") json["precision"] = result.precision;
  json["rounds"] = result.settings.rounds ? Json(*result.settings.rounds) : Json();
  return json;
}

/// A run that an earlier call completed, if the folder holds one.
std::optional<StudyRun> kept_run(const fs::path& file, const Json& identity) {
  if (!formats::exists(file)) return {};
  const Json json = formats::read_json(file);
  if (!json.is_object() || !json.contains("identity") || !json.contains("run"))
    throw Error{{.where = file.string(), .expected = "the result of a study's run", .received = "something else"}};
  if (json["identity"] != identity)
    throw Error{
        {.where = file.string(),
         .expected = "a run of " + formats::json_text(identity),
         .received = formats::json_text(json["identity"]),
         .hint =
             "--resume needs the settings and data that the study began with. Repeat them, or choose another --out."}};
  return study_run_of(json["run"], file.string());
}

void write_json(const fs::path& file, const Json& json) {
  formats::write_file_atomically(file, formats::json_text(json, 1) + '\n');
}

StudyResult empty_result(const Study& study, const StudySettings& settings, const StudyData& data,
                         const StudyPlan& plan) {
  const Machine& machine = Machine::here();
  return {.study = study.info().name,
          .settings = settings,
          .data = data.train.name(),
          .data_fingerprint = data.train.fingerprint(),
          .batch_size = study.batch_size(),
          .threads = Threads(plan.compute.threads).count(),
          .precision = std::string(name_of(plan.compute.precision)),
          .command = plan.command,
          .started = plan.started,
          .version = kVersion,
          .machine = fmt::format("{} ({}), {} cores", machine.cpu, machine.features(), machine.cores),
          .variants = study.variants()};
}

/// The variant's run with this seed: kept, or made now; nothing if stopped.
std::optional<StudyRun> one_run(const Study& study, const StudyResult& result, const StudyVariant& variant,
                                StudyContext& context, bool resume) {
  const fs::path folder = context.folder(variant), file = folder / "result.json";
  const Json identity = identity_of(result, variant);
  if (resume && !folder.empty())
    if (auto kept = kept_run(file, identity)) {
      context.observer().run_ends(variant, *kept, true);
      return kept;
    }
  context.observer().run_begins(variant, context.seed());
  std::error_code none;  // if it cannot be removed, replacing it fails with an error later
  if (!folder.empty() && !resume) fs::remove(file, none);
  auto run = study.run(variant, context);
  if (!run) return {};
  if (!folder.empty()) {
    const FolderLock lock(folder);
    write_json(file, {{"identity", identity}, {"run", json_of(*run)}});
  }
  context.observer().run_ends(variant, *run, false);
  return run;
}

/// This process's share of the runs, each into its folder.
void make_own_runs(const Study& study, const StudyResult& result, const StudyPlan& plan, StudyObserver& observer,
                   const std::stop_token& stop) {
  int number = 0;
  for (const std::uint64_t seed : plan.seeds)
    for (const StudyVariant& variant : result.variants) {
      if (number++ % plan.among->size() != plan.among->rank()) continue;
      StudyContext context(plan, seed, observer, stop);
      if (!one_run(study, result, variant, context, plan.resume)) return;
    }
}

/// All processes make their runs; then those of the first are kept ones.
StudyPlan after_all_runs(const Study& study, const StudyResult& result, const StudyPlan& plan, StudyObserver& observer,
                         const std::stop_token& stop) {
  if (plan.out.empty())
    throw Error{{.where = "study", .expected = "a folder for the runs of several processes", .received = "none"}};
  make_own_runs(study, result, plan, observer, stop);
  plan.among->barrier();
  StudyPlan kept = plan;
  kept.resume = true;
  return kept;
}

}  // namespace

StudyResult run_study(const Study& study, const StudySettings& settings, const StudyData& data, const StudyPlan& given,
                      StudyObserver& observer, const std::stop_token& stop) {
  StudyResult result = empty_result(study, settings, data, given);
  std::optional<FolderLock> lock;
  if (!given.out.empty() && (!given.among || given.among->is_first())) lock.emplace(given.out);
  const StudyPlan plan = given.among ? after_all_runs(study, result, given, observer, stop) : given;
  if (given.among && (any(*given.among, stop.stop_requested()) || !given.among->is_first())) return result;
  for (const std::uint64_t seed : plan.seeds)
    for (StudyVariant& variant : result.variants) {
      StudyContext context(plan, seed, observer, stop);
      auto run = one_run(study, result, variant, context, plan.resume);
      if (!run) return result;
      variant.runs.push_back(std::move(*run));
      if (!plan.out.empty()) write_json(plan.out / "study.json", json_of(result));
    }
  return result;
}

}  // namespace evenkeel
