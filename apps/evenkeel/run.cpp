#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/interchange/ports.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/train/run_arrays.h"
#include "evenkeel/train/settings.h"

namespace evenkeel::app {
namespace {

struct RunArguments {
  Shared shared;
  Settings settings;
  std::string model, weights, inputs, outputs, mode = "evaluate";
};

int run_run(const RunArguments& a) {
  check_ending("--inputs", a.inputs, {".npz"});
  check_ending("--outputs", a.outputs, {".npz"});
  const OpenedModel model = open_trained(a.shared, a.model, a.weights);
  NetworkOptions options = network_options(a.shared, overridden(model.file.training, a.settings));
  options.loss.reset();  // it is not computed
  const LoadedNetwork loaded = load_network(model, options);
  tell_fatal_weights(a.shared, *loaded.network);
  const Mode mode = a.mode == "train" ? Mode::train : Mode::evaluate;
  auto inputs = formats::read_npz(a.inputs);
  if (model.record) inputs = interchange::inputs_of_ours(*model.record, model.file.model, inputs, a.inputs);
  auto outputs = run_arrays(*loaded.network, inputs, mode, a.inputs);
  if (model.record) outputs = interchange::outputs_as_theirs(*model.record, std::move(outputs));
  std::vector<formats::NpzEntry> arrays;
  for (const auto& [name, values] : outputs) arrays.push_back({name, values.view()});
  formats::write_npz(a.outputs, arrays);

  Json shapes = Json::object();
  TextTable table({"output", "shape"});
  for (const auto& [name, values] : outputs) {
    shapes[name] = json_of(values.shape());
    table.row({name, to_string(values.shape())});
  }
  if (a.shared.json)
    print_json({{"file", a.outputs}, {"outputs", shapes}});
  else
    print_text(table.text());
  return kDone;
}

}  // namespace

void add_run(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<RunArguments>();
  CLI::App& command =
      add_command(app, "run", "Computes a model's outputs for arrays of its inputs, all by name, as one batch.",
                  "  evenkeel run runs/lenet --inputs images.npz --outputs outputs.npz\n"
                  "  evenkeel run resnet50.onnx --inputs images.npz --outputs outputs.npz\n"
                  "  evenkeel run model.toml --weights w.safetensors --inputs in.npz --outputs out.npz --mode train");
  add_model(command, a->model);
  command
      .add_option("--inputs", a->inputs,
                  "an .npz file with an array [N, ...] for each input, under the names and in the layouts of a foreign "
                  "file ([N, C, H, W] of .onnx); with one input, a single array of any name")
      ->option_text("FILE (required)")
      ->required();
  command
      .add_option(
          "--outputs", a->outputs,
          "the .npz file to write: an array [N, ...] for each output, by its layer, or as a foreign file names it")
      ->option_text("FILE (required)")
      ->required();
  add_weights_flag(command, a->shared, a->weights);
  add_model_flags(command, a->shared);
  choose_from(
      command
          .add_option(
              "--mode", a->mode,
              "evaluate: moving statistics, no dropout (the default); train: the batch's statistics and dropout")
          ->option_text("evaluate|train"),
      {"evaluate", "train"});
  add_setting(command, a->settings, "seed", "N");
  add_precision_flags(command, a->shared, a->settings);
  add_threads_flag(command, a->shared);
  add_fuse_flag(command, a->shared);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_run(*a); }; });
}

}  // namespace evenkeel::app
