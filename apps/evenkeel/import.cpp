#include <algorithm>
#include <filesystem>
#include <optional>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/shell.h"
#include "evenkeel/diagnose/expectation.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/ports.h"
#include "evenkeel/interchange/preprocessing.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/runs/import_folder.h"
#include "evenkeel/train/settings.h"
#include "expected_outputs.h"
#include "import_text.h"

namespace evenkeel::app {
namespace {

struct ImportArguments {
  Shared shared;
  std::string file, out, expect;
};

interchange::Imported import_file(const ImportArguments& a) {
  const OpenOptions options = open_options(a.shared);
  interchange::Imported imported = interchange::import_network(a.file, options.import);
  imported.file.training = training_keys().checked(imported.file.training);
  imported.record.checksum = checksum_of(a.file);
  if (a.shared.preprocess.empty()) return imported;
  imported.file.model = interchange::with_preprocessing(
      imported.file.model, interchange::preprocessing_named(a.shared.preprocess), a.shared.force);
  imported.record.preprocess = a.shared.preprocess;
  return imported;
}

/// The samples in the file of --expect, which has inputs and outputs.
Dataset samples_expected(const ImportArguments& a, const Model& model, const interchange::Record& record) {
  auto arrays = formats::read_npz(a.expect);
  std::map<std::string, Tensor> inputs;
  for (const interchange::PortRecord& port : record.inputs)
    for (const std::string& name : {port.foreign, port.name, std::string("x"), std::string("input")})
      if (const auto found = arrays.find(name); found != arrays.end() && !inputs.contains(port.foreign))
        inputs.emplace(port.foreign, found->second.clone());
  if (inputs.empty())
    throw Error{{.where = a.expect,
                 .expected = "the samples, as an array under the name of the input or \"x\", beside the outputs",
                 .received = "no such array"}};
  inputs = interchange::inputs_of_ours(record, model, inputs, a.expect);
  Dataset::Parts parts{.name = a.expect, .x = {}, .y = {}, .class_names = {}};
  for (const Model::Input& input : model.inputs()) {
    Tensor x = std::move(inputs.at(input.name));
    if (x.dtype() != DType::uint8) x = converted(x, DType::float32);
    if (&input == &model.inputs().front())
      parts.x = std::move(x);
    else
      parts.more.push_back(std::move(x));
    if (model.inputs().size() > 1) parts.input_names.push_back(input.name);
  }
  return Dataset(std::move(parts));
}

/// The imported network against what its own program computed.
std::optional<Expectation> expectation_of_import(const ImportArguments& a) {
  if (a.expect.empty()) return {};
  const OpenedModel model = evenkeel::open_model(a.out);  // with the preprocessing that it was given
  const Dataset data = samples_expected(a, model.file.model, *model.record);
  const Tensor expected = expected_outputs(a.expect, model.file.model, model.record);
  Settings settings = model.file.training;
  // So that scores are known as what they are.
  if (!settings.has("loss") && expected.shape().rank() == 2 && expected.shape()[1] > 1)
    settings.set({.key = "loss", .value = std::string("sparse_categorical_crossentropy")});
  const LoadedNetwork loaded = load_network(model, network_options(a.shared, settings));
  return explain_difference(*loaded.network, data, expected);
}

Json json_of_expectation(const std::optional<Expectation>& e) {
  if (!e) return {};
  return {{"equal", e->equal},
          {"explanation", e->explanation},
          {"difference", e->difference},
          {"remaining", e->remaining},
          {"samples", e->samples}};
}

void print_import(const ImportArguments& a, const interchange::Imported& imported, const ModelSummary& summary,
                  const std::optional<Expectation>& expectation) {
  print("{}: {}\n", a.file, origin_text(imported.record));
  print("{} layers, {} parameters; {}\n", summary.layers.size(), with_commas(summary.total),
        kept_text(imported.file.model));
  if (!imported.slots.tensors.empty()) print("the state of its optimizer goes with it\n");
  print("{}", Lines{import_notes(imported.record)});
  if (expectation)
    print("expected outputs, {} samples: {}, relative difference (L2) {}\n", expectation->samples,
          expectation->equal ? "equal" : "different: " + expectation->explanation,
          number_text(expectation->difference));
  print("written: {}\nevenkeel summary {}\n", a.out, shell_quoted(a.out));
}

int run_import(const ImportArguments& a) {
  check_import_folder(a.out);
  interchange::Imported imported = import_file(a);
  write_import_folder(imported, a.out);
  imported.weights = {};
  const ModelSummary summary = summarize(imported.file.model);
  const std::optional<Expectation> expectation = expectation_of_import(a);
  const interchange::Record& record = imported.record;
  if (a.shared.json)
    print_json({{"folder", a.out},
                {"file", a.file},
                {"format", record.format},
                {"producer", record.producer},
                {"version", record.version},
                {"layers", summary.layers.size()},
                {"parameters", summary.total},
                {"has_optimizer_state", !imported.slots.tensors.empty()},
                {"preprocess", record.preprocess},
                {"recognised", record.recognised},
                {"lost", record.lost},
                {"warnings", record.warnings},
                {"expectation", json_of_expectation(expectation)}});
  else
    print_import(a, imported, summary, expectation);
  return expectation && !expectation->equal ? kCheckFailed : kDone;
}

}  // namespace

void add_import(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<ImportArguments>();
  CLI::App& command =
      add_command(app, "import",
                  "Reads a network from PyTorch or Keras: its model, weights, and what the file says about training.",
                  "  evenkeel import model.keras --out nets/mine\n"
                  "  evenkeel import resnet50.onnx --out nets/resnet50 --preprocess imagenet --expect outputs.npz");
  command.add_option("FILE", a->file, "an .onnx, .keras or .h5 file")->required()->option_text(" ");
  command
      .add_option("--out", a->out,
                  "the folder to make, a MODEL for all commands: model.toml, weights.safetensors, import.json")
      ->option_text("DIR (required)")
      ->required();
  add_model_flags(command, a->shared);
  command.add_flag("--force", a->shared.force, "--preprocess even if the model has its own");
  command
      .add_option("--expect", a->expect,
                  "an .npz with samples (x) and the outputs that the other program got for them, in its layout: exit "
                  "code 1 if the imported network's differ, with what explains that")
      ->option_text("FILE");
  add_threads_flag(command, a->shared);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_import(*a); }; });
}

}  // namespace evenkeel::app
