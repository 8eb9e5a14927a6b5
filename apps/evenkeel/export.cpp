#include <filesystem>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/pytorch/state_dict.h"

namespace evenkeel::app {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  Shared shared;
  std::string model, weights, out, mode = "evaluate", format;
  bool fold = false;
};

bool writes_state_dict(const ExportArguments& a) { return a.format == "state-dict"; }

void check_flags(const ExportArguments& a) {
  if (writes_state_dict(a))
    check_ending("--out", a.out, {".safetensors"});
  else
    check_ending("--out", a.out, {".onnx", ".keras"});
  const bool is_onnx = a.out.ends_with(".onnx");
  if (a.fold && (!is_onnx || a.mode == "train"))
    throw Error{{.where = "--fold",
                 .expected = "an .onnx file in --mode evaluate",
                 .received = is_onnx ? "--mode train" : a.out,
                 .hint = "`evenkeel repair MODEL --fix fold` folds a model of ours."}};
  std::error_code none;
  if (fs::equivalent(a.out, a.model, none))
    throw Error{{.where = "--out", .expected = "another file than MODEL", .received = a.out}};
  formats::AtomicFile probe(a.out);  // says that it cannot be written
}

std::vector<std::string> write_export(const ExportArguments& a, const Model& model,
                                      const formats::SafetensorsFile& weights, const interchange::Record* record) {
  if (writes_state_dict(a)) {
    std::vector<std::string> notes;
    const formats::SafetensorsFile dict = interchange::to_state_dict(model, weights, record, &notes);
    std::vector<formats::SafetensorsEntry> entries;
    for (const auto& [name, tensor] : dict.tensors) entries.push_back({name, tensor});
    formats::write_safetensors(a.out, entries, dict.metadata);
    return notes;
  }
  if (a.out.ends_with(".keras")) return interchange::export_keras(model, weights, a.out, record);
  return interchange::export_onnx(model, weights, a.out, {.training = a.mode == "train", .fold = a.fold}, record);
}

int run_export(const ExportArguments& a) {
  check_flags(a);
  const OpenedModel model = open_trained(a.shared, a.model, a.weights);
  const formats::SafetensorsFile weights = tensors_of(model);
  const std::vector<std::string> notes =
      write_export(a, model.file.model, weights, model.record ? &*model.record : nullptr);
  if (a.shared.json) {
    print_json({{"file", a.out}, {"layers", model.file.model.layers()}, {"notes", notes}});
    return kDone;
  }
  print("written: {} ({}, {} layers)\n", a.out, bytes_text(static_cast<std::int64_t>(fs::file_size(a.out))),
        model.file.model.layers());
  for (const std::string& note : notes) print("{}\n", note);
  return kDone;
}

}  // namespace

void add_export(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<ExportArguments>();
  CLI::App& command =
      add_command(app, "export", "Writes a trained model as a file that ONNX Runtime, Keras or PyTorch reads.",
                  "  evenkeel export runs/lenet --out lenet.onnx --fold\n"
                  "  evenkeel export runs/lenet --out lenet.onnx --mode train\n"
                  "  evenkeel export model.toml --weights mended.safetensors --out model.keras");
  add_model(command, a->model);
  command.add_option("--out", a->out, "the file to write: .onnx or .keras; of a state-dict .safetensors")
      ->option_text("FILE (required)")
      ->required();
  add_weights_flag(command, a->shared, a->weights);
  choose_from(command
                  .add_option("--mode", a->mode,
                              "evaluate: for serving (the default); train: an .onnx file whose normalizations and "
                              "dropout can be trained. A .keras file always has both")
                  ->option_text("evaluate|train"),
              {"evaluate", "train"});
  command.add_flag("--fold", a->fold, "normalizations become part of the layers before them, where that is exact");
  choose_from(command
                  .add_option("--format", a->format,
                              "state-dict: only the weights, under PyTorch's names and in its layouts; else by the "
                              "ending of --out")
                  ->option_text("state-dict"),
              {"state-dict"});
  add_model_flags(command, a->shared);
  command.add_flag("--force", a->shared.force, "--preprocess even if the model has its own");
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_export(*a); }; });
}

}  // namespace evenkeel::app
