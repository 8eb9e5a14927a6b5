#include <cstdio>
#include <optional>

#include "commands.h"
#include "common.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/studies/depth.h"
#include "evenkeel/train/run_folder.h"
#include "interruption.h"
#include "table.h"

namespace evenkeel::app {
namespace {

struct StudyArguments {
  Shared shared;
  std::string name, data, out;
  bool quick = false;
  std::optional<std::uint64_t> seed, seeds;
  std::vector<std::string> command_line;
};

/// What is told of a run, in the order of the closing table.
struct Figure {
  const char *key, *title;
  double StudyRun::*value;
  int decimals = 4;
};
constexpr Figure kFigures[] = {
    {"validation_accuracy", ">validation", &StudyRun::validation_accuracy},
    {"test_accuracy", ">test", &StudyRun::test_accuracy},
    {"train_accuracy", ">train", &StudyRun::train_accuracy},
    {"single_accuracy", ">one by one", &StudyRun::single_accuracy},
    {"test_loss", ">test loss", &StudyRun::test_loss},
    {"seconds", ">seconds", &StudyRun::seconds, 1},
    {"images_per_s", ">images/s", &StudyRun::images_per_s, 0},
};

/// Prints what a study says on its way, and keeps each variant's run.
class Reporter final : public StudyObserver {
 public:
  Reporter(const StudyArguments& a, RunDescription run, std::vector<std::string> class_names)
      : a_(a), run_(std::move(run)), class_names_(std::move(class_names)) {}

  void variant_begins(const StudyVariant& variant, std::uint64_t seed) override {
    // A study's folder is made by studies only: running it again replaces what the last one left.
    if (!a_.out.empty())
      folder_.emplace(std::filesystem::path(a_.out) / fmt::format("{}-seed{}", variant.name, seed),
                      RunFolder::Existing::replace);
    line(fmt::format("{}, seed {}: {}; {} parameters", variant.name, seed, variant.description,
                     grouped(variant.parameters)));
  }

  void point(const StudyPoint& p) override {
    const char* what = p.on_validation ? "validation" : "training";
    line(fmt::format("  batch {:>4}: {:<10}  {}", p.batch, what, metrics_text(p.metrics)));
  }

  void variant_ends(const StudyVariant&, const StudyRun& run, const Model& model, Trainer& trainer) override {
    line(fmt::format("  final validation accuracy {:.4f}, test {:.4f}, single images {:.4f}\n", run.validation_accuracy,
                     run.test_accuracy, run.single_accuracy));
    if (!folder_) return;
    folder_->write_description({.model = model}, trainer, run_);
    folder_->write_result({.model = model}, trainer, run_, {}, class_names_);
  }

 private:
  /// A result for people; where the result is JSON, progress.
  void line(const std::string& text) const {
    if (a_.shared.json) return say(a_.shared, "{}", text);
    fmt::print("{}\n", text);
    std::fflush(stdout);
  }

  const StudyArguments& a_;
  RunDescription run_;
  std::vector<std::string> class_names_;
  std::optional<RunFolder> folder_;
};

Json run_as_json(const StudyRun& run) {
  Json json{{"seed", run.seed}};
  for (const Figure& figure : kFigures) json[figure.key] = run.*figure.value;
  json["curve"] = Json::array();
  for (const StudyPoint& p : run.curve) {
    Json point = json_of(p.metrics);
    point["batch"] = p.batch;
    point["on"] = p.on_validation ? "validation" : "training";
    json["curve"].push_back(point);
  }
  return json;
}

Json as_json(const StudyResult& result) {
  Json variants = Json::array();
  for (const StudyVariant& variant : result.variants) {
    Json json{{"name", variant.name},
              {"description", variant.description},
              {"parameters", variant.parameters},
              {"trainable_parameters", variant.trainable_parameters},
              {"steps", result.steps}};
    for (const Figure& figure : kFigures) json[figure.key] = median(variant, figure.value);
    json["runs"] = Json::array();
    for (const StudyRun& run : variant.runs) json["runs"].push_back(run_as_json(run));
    variants.push_back(std::move(json));
  }
  return {{"study", result.study},
          {"data", result.data},
          {"data_fingerprint", result.data_fingerprint},
          {"quick", result.quick},
          {"batch_size", result.batch_size},
          {"threads", result.threads},
          {"variants", variants}};
}

std::string table_of(const StudyResult& result) {
  std::vector<std::string> titles = {"variant", ">seeds"};
  for (const Figure& figure : kFigures) titles.emplace_back(figure.title);
  Table table(titles);
  for (const StudyVariant& variant : result.variants) {
    std::vector<std::string> row = {variant.name, std::to_string(variant.runs.size())};
    for (const Figure& figure : kFigures)
      row.push_back(fmt::format("{:.{}f}", median(variant, figure.value), figure.decimals));
    table.row(std::move(row));
  }
  return table.text();
}

/// MNIST where it is found, else the set that the program draws itself.
std::string data_of(const StudyArguments& a) {
  if (!a.data.empty()) return a.data;
  if (find_source("mnist", a.shared.data_dir)) return "mnist";
  say(a.shared,
      "MNIST is not on this disk: running on strokes, drawn by the program. For MNIST put its four published files "
      "into ~/.cache/evenkeel/mnist.");
  return "strokes";
}

std::vector<std::uint64_t> seeds_of(const StudyArguments& a) {
  if (!a.seeds) return {a.seed.value_or(0)};
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < *a.seeds; ++seed) seeds.push_back(seed);
  return seeds;
}

int run_study(const StudyArguments& a) {
  Interruption interruption;
  const std::string set = data_of(a);
  const DepthData data = split_for_depth(load_dataset(set + ":train", Split::train, a.shared.data_dir),
                                         load_dataset(set + ":test", Split::test, a.shared.data_dir));
  DepthOptions options = a.quick ? DepthOptions::make_quick() : DepthOptions{};
  options.seeds = seeds_of(a);
  options.threads = a.shared.threads;
  RunDescription run;
  run.command = a.command_line;
  run.data = data.train.name();
  run.data_fingerprint = data.train.fingerprint();
  run.steps = options.steps;
  run.started = now_text();
  Reporter reporter(a, std::move(run), data.train.class_names());
  const StudyResult result = run_depth(options, data, reporter, interruption.token());
  const Json json = as_json(result);
  if (!a.out.empty()) formats::write_file_atomically(std::filesystem::path(a.out) / "study.json", json.dump(2) + '\n');
  if (a.shared.json)
    print_json(json);
  else
    fmt::print("{} on {}, {} steps of {}{}\n\n{}", result.study, result.data, result.steps, result.batch_size,
               result.variants.empty() || result.variants[0].runs.size() < 2 ? "" : ", medians over the seeds",
               table_of(result));
  return interruption.requested() ? kInterrupted : kDone;
}

}  // namespace

void add_study(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  const auto a = std::make_shared<StudyArguments>();
  CLI::App& command = add_command(app, "study", "Trains the variants of a study and lays their results side by side.",
                                  "  evenkeel study depth --quick\n"
                                  "  evenkeel study depth --data mnist --seeds 5 --out runs/depth --json");
  command.add_option("NAME", a->name, "depth, or all")
      ->required()
      ->option_text(" ")
      ->check(CLI::IsMember({"depth", "all"}));
  command.add_flag("--quick", a->quick, "500 batches instead of 800, and accuracies over 2000 images");
  CLI::Option* seed = command.add_option("--seed", a->seed, "one run, with this seed; default 0")->option_text("N");
  command.add_option("--seeds", a->seeds, "a run for each seed from 0 to N-1")
      ->option_text("N")
      ->check(CLI::Range(1, 1000))
      ->excludes(seed);
  command.add_option("--data", a->data, "a named set; default mnist where it is found, else strokes")
      ->option_text("NAME");
  add_precision_flag(command, a->shared);
  command.add_option("--out", a->out, "keep the runs and study.json in this folder")->option_text("DIR");
  add_threads_flag(command, a->shared);
  add_data_dir_flag(command, a->shared);
  add_output_flags(command, a->shared);
  a->command_line = command_line;
  command.callback([a, &chosen] { chosen = [a] { return run_study(*a); }; });
}

}  // namespace evenkeel::app
