#include "evenkeel/train/evaluate.h"

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/report/charts/confusion_plot.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/train/settings.h"
#include "processes.h"
#include "progress.h"

namespace evenkeel::app {
namespace {

struct EvaluateArguments {
  Shared shared;
  Settings settings;
  std::string model, data, weights, plot, mode = "evaluate";
};

/// What the samples of a class were taken for.
std::span<const std::int64_t> confusion_row(const Evaluation& result, std::size_t label) {
  const std::size_t k = result.per_class.size();
  return result.confusion.view().as<std::int64_t>().subspan(label * k, k);
}

constexpr std::size_t kWidestMatrix = 20;  ///< classes; a wider one is for --json and --plot

std::string confusion_text(const Evaluation& result) {
  const std::size_t k = result.per_class.size();
  std::vector<std::string> titles = {">true \\ predicted"};
  for (std::size_t i = 0; i < k; ++i) titles.push_back('>' + std::to_string(i));
  TextTable table(std::move(titles));
  for (std::size_t i = 0; i < k; ++i) {
    std::vector<std::string> row = {std::to_string(i)};
    for (const std::int64_t n : confusion_row(result, i)) row.push_back(n > 0 ? std::to_string(n) : ".");
    table.row(std::move(row));
  }
  return table.text();
}

void print_as_json(const Evaluation& result, const std::vector<std::string>& names, const Dataset& data) {
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
  json["confusion"] = Json::array();
  for (std::size_t i = 0; i < result.per_class.size(); ++i) json["confusion"].push_back(confusion_row(result, i));
  if (data.reading()) json["reading"] = reading_of(data);
  print_json(json);
}

void print_as_text(const Evaluation& result, const std::vector<std::string>& names) {
  print("{}  samples {}\n", metrics_text(result.metrics), with_commas(result.metrics.samples));
  if (result.per_class.empty()) return;
  TextTable table({">class", "name", ">samples", ">accuracy"});
  for (const Evaluation::Class& c : result.per_class) {
    const std::int64_t index = &c - result.per_class.data();
    table.row({std::to_string(index), class_name(names, index), with_commas(c.samples),
               c.samples > 0 ? number_text(c.accuracy) : "-"});
  }
  print("\n{}", Lines{table.text()});
  if (result.per_class.size() <= kWidestMatrix) print("\n{}", Lines{confusion_text(result)});
}

int run_evaluate(const EvaluateArguments& a) {
  if (!a.plot.empty()) check_ending("--plot", a.plot, {".svg"});
  const OpenedModel model = open_trained(a.shared, a.model, a.weights);
  if (!model.record) loss_of(overridden(model.file.training, a.settings));  // there must be one
  Dataset data = load_data(a.shared, model.file.model, a.data, Split::test, {.read_as = model.read_as});
  const Settings settings = settings_for(a.shared, model, a.settings, data);
  loss_of(settings);
  const NetworkOptions network = network_options(a.shared, settings);
  const LoadedNetwork loaded = load_network(model, network);
  data = in_classes_of(a.shared, loaded, data);
  tell_fatal_weights(a.shared, *loaded.network);
  agree_on({{"samples", data.fingerprint()}, {"weights", weights_digest(*loaded.network)}});
  begin_together();
  const Evaluation result = evaluate(*loaded.network, data,
                                     {.batch_size = batch_size_of(settings),
                                      .mode = a.mode == "train" ? Mode::train : Mode::evaluate,
                                      .progress = evaluation_progress("evaluating", a.shared.quiet),
                                      .among = among()});
  if (!is_first_process()) return kDone;
  const auto& names = loaded.class_names.empty() ? data.class_names() : loaded.class_names;
  if (!a.plot.empty()) {
    formats::write_file_atomically(a.plot, confusion_svg(result, names));
    say(a.shared, "the confusion matrix is drawn in {}", a.plot);
  }
  if (a.shared.json)
    print_as_json(result, names, data);
  else
    print_as_text(result, names);
  return kDone;
}

}  // namespace

void add_evaluate(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<EvaluateArguments>();
  CLI::App& command = add_command(
      app, "evaluate", "Measures loss and accuracy of a trained model, for each class, with the confusion matrix.",
      "  evenkeel evaluate runs/lenet --data mnist:test --plot confusion.svg\n"
      "  evenkeel evaluate model.toml --weights w.safetensors --data images.npz --json\n"
      "  evenkeel evaluate resnet50.onnx --data photos/ --preprocess imagenet");
  add_model(command, a->model);
  add_data_flag(command, a->data, true);
  add_weights_flag(command, a->shared, a->weights);
  add_model_flags(command, a->shared);
  add_setting(command, a->settings, "loss", "L");
  add_setting(command, a->settings, "batch_size", "N");
  choose_from(
      command
          .add_option(
              "--mode", a->mode,
              "evaluate: moving statistics, no dropout (the default); train: the batch's statistics and dropout")
          ->option_text("evaluate|train"),
      {"evaluate", "train"});
  add_image_flags(command, a->shared);
  command.add_option("--plot", a->plot, "draw the confusion matrix")->option_text("FILE.svg");
  add_computing_flags(command, a->shared, a->settings);
  command.callback([a, &chosen] { chosen = [a] { return run_evaluate(*a); }; });
}

}  // namespace evenkeel::app
