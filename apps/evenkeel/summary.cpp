#include "evenkeel/nn/summary.h"

#include "commands.h"
#include "common.h"
#include "evenkeel/runs/open_model.h"
#include "import_text.h"

namespace evenkeel::app {
namespace {

struct SummaryArguments {
  Shared shared;
  std::string model;
};

Json as_json(const ModelSummary& summary) {
  Json layers = Json::array();
  for (const LayerSummary& layer : summary.layers)
    layers.push_back({{"name", layer.name},
                      {"type", layer.type},
                      {"output_shape", json_of(layer.output_shape)},
                      {"parameters", layer.parameters},
                      {"connected_to", layer.connected_to}});
  return {{"name", summary.name},           {"layers", layers},
          {"outputs", summary.outputs},     {"total", summary.total},
          {"trainable", summary.trainable}, {"non_trainable", summary.non_trainable}};
}

/// Adds what is known of the file that the model came from.
void add_record(Json& json, const interchange::Record& record) {
  for (Json& layer : json["layers"]) {
    const interchange::LayerRecord* found = record.find(layer["name"]);
    layer["foreign"] = found ? Json(found->foreign) : Json();
  }
  json["file"] = {{"path", record.file},        {"format", record.format},         {"producer", record.producer},
                  {"version", record.version},  {"recognised", record.recognised}, {"lost", record.lost},
                  {"warnings", record.warnings}};
}

int run_summary(const SummaryArguments& a) {
  const OpenedModel model = open_model(a.shared, a.model);
  const ModelSummary summary = summarize(model.file.model);
  if (a.shared.json) {
    Json json = as_json(summary);
    if (model.record) add_record(json, *model.record);
    print_json(json);
    return kDone;
  }
  print_text(to_string(summary));
  if (model.record)
    print("{} ({}): {}\n{}", model.record->file, origin_text(*model.record), kept_text(model.file.model),
          Lines{import_notes(*model.record)});
  return kDone;
}

}  // namespace

void add_summary(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<SummaryArguments>();
  CLI::App& command = add_command(app, "summary", "Lists a model's layers with their output shapes and parameters.",
                                  "  evenkeel summary examples/models/lenet.toml\n"
                                  "  evenkeel summary resnet18.onnx --json");
  add_model(command, a->model);
  add_model_flags(command, a->shared);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_summary(*a); }; });
}

}  // namespace evenkeel::app
