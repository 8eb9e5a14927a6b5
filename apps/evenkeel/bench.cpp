#include <cmath>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/cpu.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/report/charts/time_picture.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/studies/workloads.h"
#include "evenkeel/train/benchmark.h"
#include "plan_lines.h"

namespace evenkeel::app {
namespace {

struct BenchArguments {
  Shared shared;
  Settings settings;
  std::string workload, model, svg;
  int steps = 0;
  bool predict = false;
};

/// Something to measure: one of the workloads, or the user's own model.
struct Subject {
  std::string name, description;
  PlannedModel planned;
};

struct Measured {
  std::string name;
  Precision precision;
  bool predicts;
  BenchmarkResult result;

  PlannedLines lines() const { return {result.lines, result.line_seconds, result.roofline}; }
};

Subject workload_subject(const BenchArguments& a, const std::string& name) {
  Workload workload = workload_named(name);
  NetworkOptions options = network_options(a.shared, a.settings);
  options.loss = workload.loss;
  options.optimizer = workload.optimizer;
  return {.name = name,
          .description = workload.description,
          .planned = {.model = std::move(workload.model),
                      .options = std::move(options),
                      .batch_size = a.settings.get<std::int64_t>("batch_size").value_or(workload.batch_size)}};
}

std::vector<Subject> subjects_of(const BenchArguments& a) {
  if (!a.model.empty()) {
    PlannedModel planned = planned_model(a.shared, a.model, a.settings, !a.predict);
    std::string name = planned.model.name();
    return {{.name = std::move(name), .description = a.model, .planned = std::move(planned)}};
  }
  std::vector<Subject> subjects;
  for (const std::string& name : a.workload.empty() ? study_workload_names() : std::vector{a.workload})
    subjects.push_back(workload_subject(a, name));
  return subjects;
}

Measured measure(const BenchArguments& a, const Subject& subject) {
  say(a.shared, "measuring {} ({}), batch {}", subject.name, subject.description, subject.planned.batch_size);
  return {.name = subject.name,
          .precision = subject.planned.options.compute.precision,
          .predicts = a.predict,
          .result = benchmark(subject.planned.model, {.network = subject.planned.options,
                                                      .batch_size = subject.planned.batch_size,
                                                      .steps = a.steps,
                                                      .predict = a.predict})};
}

/// What was measured besides the step.
const Timing& other_of(const Measured& measured) {
  return measured.predicts ? measured.result.single : measured.result.evaluate;
}

Json as_json(const Measured& measured) {
  const BenchmarkResult& r = measured.result;
  const PlanTotals totals = totals_of(r.lines);
  const std::string step = measured.predicts ? "predict" : "step";
  return {{"workload", measured.name},
          {"precision", name_of(measured.precision)},
          {"threads", r.threads},
          {"cpu", Machine::here().cpu},
          {"batch_size", r.batch_size},
          {"steps", r.step.ms.size()},
          {step + "_ms", r.step.median()},
          {step + "_ms_low", r.step.quantile(0.1)},
          {step + "_ms_high", r.step.quantile(0.9)},
          {"images_per_s", r.images_per_s()},
          {measured.predicts ? "predict_one_ms" : "evaluate_ms", other_of(measured).median()},
          {"flops", totals.flops},
          {"bytes", totals.bytes},
          {"peak_share", r.peak_share()},
          {"peak_gflops", r.roofline.gflops},
          {"memory_gbytes_per_s", r.roofline.gbytes_per_s},
          {"arena_bytes", r.memory.arena_bytes},
          {"resident_bytes", r.resident_bytes},
          {"memory", json_of(r.memory, r.scratch_bytes)},
          {"ops", json_of(measured.lines())}};
}

void print_table(const std::vector<Measured>& all) {
  const bool predicts = all.front().predicts;
  TextTable table({"workload", ">batch", predicts ? ">predict ms" : ">step ms", ">10 to 90 %", ">images/s", ">FMA peak",
                   predicts ? ">predict one ms" : ">evaluate ms", ">arena", ">resident"});
  for (const Measured& measured : all) {
    const BenchmarkResult& r = measured.result;
    table.row({measured.name, with_commas(r.batch_size), fmt::format("{:.2f}", r.step.median()),
               fmt::format("{:.2f} to {:.2f}", r.step.quantile(0.1), r.step.quantile(0.9)),
               with_commas(std::llround(r.images_per_s())), fmt::format("{:.0f}%", 100 * r.peak_share()),
               fmt::format("{:.2f}", other_of(measured).median()), bytes_text(r.memory.arena_bytes),
               bytes_text(r.resident_bytes)});
  }
  const BenchmarkResult& last = all.back().result;
  print("{}\n{} ({}), {} thread{}, {}: {}\n", Lines{table.text()}, Machine::here().cpu, Machine::here().features(),
        last.threads, last.threads == 1 ? "" : "s", name_of(all.back().precision), roofline_text(last.roofline));
}

TimePicture picture_of(const Measured& measured) {
  const BenchmarkResult& r = measured.result;
  const PlannedLines lines = measured.lines();
  TimePicture picture{
      .title = fmt::format("{}: {:.2f} ms a {} of {} samples", measured.name, r.step.median(),
                           measured.predicts ? "prediction" : "training step", with_commas(r.batch_size)),
      .subtitle = fmt::format("{}, {} threads, {}; {:.0f} % of the FMA peak; {}", Machine::here().cpu, r.threads,
                              name_of(measured.precision), 100 * r.peak_share(), roofline_text(r.roofline)),
      .bars = {}};
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    if (r.lines[i].kernel.empty()) continue;
    const Standing standing = lines.standing(i);
    picture.bars.push_back({.name = r.lines[i].label + ": " + op_text(r.lines[i]),
                            .ms = 1e3 * r.line_seconds[i],
                            .share = standing.share,
                            .arithmetic = standing.bound_by_arithmetic});
  }
  return picture;
}

int bench(const BenchArguments& a) {
  std::vector<Measured> all;
  for (const Subject& subject : subjects_of(a)) all.push_back(measure(a, subject));
  if (!a.svg.empty()) {
    std::vector<TimePicture> pictures;
    pictures.reserve(all.size());
    for (const Measured& measured : all) pictures.push_back(picture_of(measured));
    formats::write_file_atomically(a.svg, svg_file(pictures));
  }
  if (!a.shared.json) {
    print_table(all);
    return kDone;
  }
  Json json = Json::array();
  for (const Measured& measured : all) json.push_back(as_json(measured));
  const bool one = !a.model.empty() || !a.workload.empty();
  print_json(one ? json.front() : Json{{"workloads", json}});
  return kDone;
}

}  // namespace

void add_bench(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<BenchArguments>();
  CLI::App& command = add_command(
      app, "bench",
      "Measures training steps, evaluation and every op of a model, compared with the limits of this machine.",
      "  evenkeel bench --workload W1 --threads 1\n"
      "  evenkeel bench --workload R18 --predict\n"
      "  evenkeel bench resnet50.onnx --predict\n"
      "  evenkeel bench runs/lenet --batch-size 128 --json --svg lenet.svg");
  CLI::Option* model = command
                           .add_option("MODEL", a->model,
                                       "a model file (TOML), a folder of a run or an import, or an .onnx, .keras or "
                                       ".h5 file; without it, W1 to W3")
                           ->option_text(" ");
  choose_from(command
                  .add_option("--workload", a->workload,
                              "one of " + join(workload_names()) +
                                  ": three studies' networks, ResNet-18, MobileNetV2, "
                                  "EfficientNet-B0")
                  ->option_text("W"),
              workload_names())
      ->excludes(model);
  add_setting(command, a->settings, "batch_size", "N");
  add_precision_flags(command, a->shared, a->settings);
  add_model_flags(command, a->shared);
  add_threads_flag(command, a->shared);
  add_fuse_flag(command, a->shared);
  command.add_option("--steps", a->steps, "steps that are timed; default: about two seconds of them")
      ->option_text("N")
      ->check(CLI::Range(1, 1'000'000));
  command.add_flag("--predict", a->predict, "measure predictions, of batches and of single samples, and no training");
  command.add_option("--svg", a->svg, "write a picture of the time of each op")->option_text("FILE");
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return bench(*a); }; });
}

}  // namespace evenkeel::app
