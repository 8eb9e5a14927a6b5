#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/report/writers/text_table.h"

namespace evenkeel::app {
namespace {

struct ModelArguments {
  Shared shared;
  std::string name;
  std::vector<std::int64_t> input;
  std::optional<std::int64_t> classes;
};

std::vector<std::string> names_of_architectures() {
  std::vector<std::string> names;
  for (const Architecture& a : all_architectures()) names.push_back(a.name);
  return names;
}

std::string input_text(const Shape& input) {
  return fmt::format("{},{},{}", input.sizes()[0], input.sizes()[1], input.sizes()[2]);
}

Json json_of_architecture(const Architecture& a, const Model& model) {
  const ModelSummary summary = summarize(model);
  return {{"name", a.name},
          {"source", a.source},
          {"parameters", summary.total},
          {"trainable", summary.trainable},
          {"input", json_of(model.input_shape())},
          {"classes", summary.layers.back().output_shape.back()}};
}

int list_architectures(const ModelArguments& a) {
  TextTable table({"name", "source", ">parameters", ">input", ">classes"});
  Json all = Json::array();
  for (const Architecture& architecture : all_architectures()) {
    all.push_back(json_of_architecture(architecture, make_architecture(architecture.name).model));
    table.row({architecture.name, architecture.source, with_commas(all.back()["trainable"].get<std::int64_t>()),
               input_text(architecture.input), with_commas(architecture.classes)});
  }
  if (a.shared.json)
    print_json({{"architectures", all}});
  else
    print_text(table.text());
  return kDone;
}

int write_model(const ModelArguments& a) {
  ArchitectureOptions options{.classes = a.classes};
  if (!a.input.empty()) options.input = Shape(a.input);
  const ModelFile file = make_architecture(a.name, options);
  if (!a.shared.json) {
    print_text(write_model_file(file));
    return kDone;
  }
  Json json = json_of_architecture(architecture_named(a.name), file.model);
  json["model"] = write_model_file(file);
  print_json(json);
  return kDone;
}

int run_model(const ModelArguments& a) {
  if (!a.name.empty()) return write_model(a);
  if (!a.input.empty() || a.classes)
    throw Error{{.where = "evenkeel model", .expected = "the NAME of an architecture", .received = "none"}};
  return list_architectures(a);
}

}  // namespace

void add_model_command(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<ModelArguments>();
  CLI::App& command = add_command(app, "model", "Writes a known architecture as a model file to stdout.",
                                  "  evenkeel model\n"
                                  "  evenkeel model resnet18 --classes 10 --input 32,32,3 > resnet18.toml");
  offer(command.add_option("NAME", a->name, "an architecture; without it, the list")->option_text(" "),
        names_of_architectures());
  command.add_option("--classes", a->classes, "number of outputs; default: the source's")
      ->option_text("N")
      ->check(at_least(1));
  command.add_option("--input", a->input, "height, width and channels of the images; default: the source's")
      ->option_text("H,W,C")
      ->delimiter(',')
      ->expected(3)
      ->check(at_least(1));
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_model(*a); }; });
}

}  // namespace evenkeel::app
