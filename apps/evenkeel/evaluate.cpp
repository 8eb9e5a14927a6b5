#include "evenkeel/train/evaluate.h"

#include "commands.h"
#include "common.h"
#include "evenkeel/train/settings.h"
#include "progress.h"
#include "table.h"

namespace evenkeel::app {
namespace {

struct EvaluateArguments {
  Shared shared;
  TrainingSettings settings;
  std::string model, data, weights, mode = "evaluate";
};

void print_as_json(const Evaluation& result, const std::vector<std::string>& names) {
  Json json = json_of(result.metrics);
  json["samples"] = result.metrics.samples;
  json["per_class"] = Json::array();
  for (const Evaluation::Class& c : result.per_class) {
    const std::int64_t index = &c - result.per_class.data();
    json["per_class"].push_back({{"class", index},
                                 {"name", class_name(names, index)},
                                 {"samples", c.samples},
                                 {"accuracy", c.samples > 0 ? Json(c.accuracy) : Json()}});
  }
  print_json(json);
}

void print_as_text(const Evaluation& result, const std::vector<std::string>& names) {
  fmt::print("{}  samples {}\n", metrics_text(result.metrics), grouped(result.metrics.samples));
  if (result.per_class.empty()) return;
  Table table({">class", "name", ">samples", ">accuracy"});
  for (const Evaluation::Class& c : result.per_class) {
    const std::int64_t index = &c - result.per_class.data();
    table.row({std::to_string(index), class_name(names, index), grouped(c.samples),
               c.samples > 0 ? number_text(c.accuracy) : "-"});
  }
  fmt::print("\n{}", table.text());
}

int run_evaluate(const EvaluateArguments& a) {
  const TrainedModel model = open_trained(a.model, a.weights);
  const TrainerOptions options = trainer_options(overridden(model.file.training, a.settings), a.shared.threads);
  const Dataset data = load_data(a.shared, model.file.model, a.data, Split::test);
  const LoadedNetwork loaded =
      load_network(model, {.loss = options.loss, .seed = options.seed, .threads = options.threads});
  const Evaluation result = evaluate(*loaded.network, data,
                                     {.batch_size = options.batch_size,
                                      .mode = a.mode == "train" ? Mode::train : Mode::evaluate,
                                      .progress = evaluation_progress("evaluating", a.shared.quiet)});
  const auto& names = loaded.class_names.empty() ? data.class_names() : loaded.class_names;
  if (a.shared.json)
    print_as_json(result, names);
  else
    print_as_text(result, names);
  return kDone;
}

}  // namespace

void add_evaluate(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<EvaluateArguments>();
  CLI::App& command = add_command(app, "evaluate", "Measures loss and accuracy of a trained model, class by class.",
                                  "  evenkeel evaluate runs/lenet --data mnist:test\n"
                                  "  evenkeel evaluate model.toml --weights w.safetensors --data images.npz --json");
  add_model(command, a->model);
  add_data_flag(command, a->data, true);
  add_weights_flag(command, a->weights);
  add_setting(command, a->settings, "loss", "L");
  add_setting(command, a->settings, "batch_size", "N");
  command
      .add_option("--mode", a->mode,
                  "evaluate: moving statistics, no dropout (the default); train: the batch's statistics and dropout")
      ->option_text("evaluate|train")
      ->check(CLI::IsMember({"evaluate", "train"}));
  add_image_flags(command, a->shared);
  add_threads_flag(command, a->shared);
  add_data_dir_flag(command, a->shared);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_evaluate(*a); }; });
}

}  // namespace evenkeel::app
