#include "evenkeel/nn/summary.h"

#include "commands.h"
#include "common.h"
#include "evenkeel/runs/open_model.h"

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

int run_summary(const SummaryArguments& a) {
  const ModelSummary summary = summarize(open_model(a.model).file.model);
  if (a.shared.json)
    print_json(as_json(summary));
  else
    print_text(to_string(summary));
  return kDone;
}

}  // namespace

void add_summary(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<SummaryArguments>();
  CLI::App& command = add_command(app, "summary", "Lists a model's layers with their output shapes and parameters.",
                                  "  evenkeel summary examples/models/lenet.toml\n"
                                  "  evenkeel summary runs/lenet --json");
  add_model(command, a->model);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_summary(*a); }; });
}

}  // namespace evenkeel::app
