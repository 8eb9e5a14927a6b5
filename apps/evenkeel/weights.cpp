#include <algorithm>
#include <set>

#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/npy.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/tensor/statistics.h"

namespace evenkeel::app {
namespace {

constexpr std::int64_t kValuesShown = 8;

struct WeightsArguments {
  Shared shared;
  std::string model, weights, layer, export_file, out;
  std::vector<std::string> set;
};

/// The tensors of a model, and what its file said beside them.
struct Tensors {
  std::vector<WeightInfo> infos;
  Store store;
  std::map<std::string, std::string> metadata;

  TensorView get(const WeightInfo& info) const {
    return (info.is_state ? store.state : store.parameters).get(info.name);
  }
};

Tensors load(const OpenedModel& model) {
  const CompiledModel compiled = compile(model.file.model, {.batch_size = 1});
  Tensors tensors{.infos = compiled.weights, .store = {}, .metadata = {}};
  tensors.store.fit(*compiled.program);
  tensors.metadata =
      model.tensors ? load_weights(std::move(*model.tensors), model.weights->string(), tensors.infos, tensors.store)
                    : load_weights(*model.weights, tensors.infos, tensors.store);
  return tensors;
}

/// TENSOR=FILE.npy
void set_tensor(Tensors& tensors, const std::string& assignment) {
  const auto sign = assignment.find('=');
  if (sign == std::string::npos) throw Error{{.where = "--set", .expected = "TENSOR=FILE.npy", .received = assignment}};
  const std::string name = assignment.substr(0, sign), file = assignment.substr(sign + 1);
  std::vector<std::string> names;
  for (const WeightInfo& info : tensors.infos) names.push_back(info.name);
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    const std::string near = nearest(name, names);
    throw Error{{.where = "--set",
                 .received = "the model has no tensor \"" + name + '"',
                 .hint = near.empty() ? "Known: " + join(names) + "." : "Did you mean \"" + near + "\"?"}};
  }
  Block& block = tensors.infos[static_cast<std::size_t>(found - names.begin())].is_state ? tensors.store.state
                                                                                         : tensors.store.parameters;
  const Tensor array = formats::read_npy(file);
  try {
    block.set(name, converted(array, DType::float32));
  } catch (const Error& error) {
    throw error.inside(file);
  }
}

void export_tensors(const Tensors& tensors, const std::string& file) {
  check_ending("--export", file, {".npz", ".safetensors"});
  if (file.ends_with(".safetensors")) return save_weights(file, tensors.infos, tensors.store, tensors.metadata);
  std::vector<formats::NpzEntry> entries;
  for (const WeightInfo& info : tensors.infos) entries.push_back({info.name, tensors.get(info)});
  formats::write_npz(file, entries);
}

/// Those of one layer, or all.
std::vector<WeightInfo> chosen_tensors(const Tensors& tensors, const Model& model, const std::string& layer) {
  if (layer.empty()) return tensors.infos;
  const int index = model.find(layer);
  if (index < 0) {
    std::vector<std::string> names;
    for (const Model::Node& node : model.nodes()) names.push_back(node.layer.name());
    const std::string near = nearest(layer, names);
    throw Error{{.where = "--layer",
                 .received = "the model has no layer \"" + layer + '"',
                 .hint = near.empty() ? "Known: " + join(names) + "." : "Did you mean \"" + near + "\"?"}};
  }
  std::vector<WeightInfo> chosen;
  std::ranges::copy_if(tensors.infos, std::back_inserter(chosen),
                       [&](const WeightInfo& info) { return info.layer == index; });
  return chosen;
}

const char* kind_of(const WeightInfo& info) {
  return info.is_state ? "moving statistics" : info.trainable ? "trainable" : "fixed";
}

void print_as_json(const Tensors& tensors, const std::vector<WeightInfo>& infos, bool with_values) {
  Json list = Json::array();
  for (const WeightInfo& info : infos) {
    const ElementStatistics s = element_statistics(tensors.get(info));
    list.push_back({{"name", info.name},
                    {"shape", json_of(info.shape)},
                    {"kind", kind_of(info)},
                    {"mean", s.mean},
                    {"standard_deviation", s.standard_deviation},
                    {"minimum", s.minimum},
                    {"maximum", s.maximum}});
    if (with_values) list.back()["values"] = tensors.get(info).as<float>();
  }
  print_json({{"tensors", list}});
}

void print_as_text(const Tensors& tensors, const std::vector<WeightInfo>& infos, bool with_values) {
  TextTable table({"tensor", "shape", ">values", "kind", ">mean", ">std", ">min", ">max"});
  std::int64_t total = 0;
  for (const WeightInfo& info : infos) {
    const ElementStatistics s = element_statistics(tensors.get(info));
    table.row({info.name, to_string(info.shape), with_commas(info.shape.size()), kind_of(info), number_text(s.mean),
               number_text(s.standard_deviation), number_text(s.minimum), number_text(s.maximum)});
    total += info.shape.size();
  }
  print("{}{} values in {} tensor{}\n", Lines{table.text()}, with_commas(total), infos.size(),
        infos.size() == 1 ? "" : "s");
  if (!with_values) return;
  for (const WeightInfo& info : infos) {
    const auto values = tensors.get(info).as<float>();
    const auto shown = std::min(std::ssize(values), kValuesShown);
    print("\n{}:", info.name);
    for (float value : values.first(static_cast<std::size_t>(shown))) print(" {:.6g}", value);
    print("{}\n", shown < std::ssize(values) ? " ..." : "");
  }
}

int run_weights(const WeightsArguments& a) {
  const OpenedModel model = open_trained(a.shared, a.model, a.weights);
  Tensors tensors = load(model);
  if (a.set.empty() != a.out.empty())
    throw Error{{.where = "weights",
                 .expected = "--set TENSOR=FILE.npy together with --out FILE",
                 .received = a.out.empty() ? "--set alone" : "--out alone"}};
  const auto shown = chosen_tensors(tensors, model.file.model, a.layer);
  for (const std::string& assignment : a.set) set_tensor(tensors, assignment);
  if (!a.out.empty()) save_weights(a.out, tensors.infos, tensors.store, tensors.metadata);
  if (!a.export_file.empty()) export_tensors(tensors, a.export_file);
  for (const std::string& file : {a.out, a.export_file})
    if (!file.empty()) say(a.shared, "{} tensors are in {}", tensors.infos.size(), file);
  const bool asked_to_write = !a.out.empty() || !a.export_file.empty();
  if (a.shared.json)
    print_as_json(tensors, shown, !a.layer.empty());
  else if (!asked_to_write || !a.layer.empty())
    print_as_text(tensors, shown, !a.layer.empty());
  return kDone;
}

}  // namespace

void add_weights(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<WeightsArguments>();
  CLI::App& command = add_command(
      app, "weights", "Lists a trained model's tensors, writes them to other files, and replaces single ones.",
      "  evenkeel weights runs/lenet --layer dense_1\n"
      "  evenkeel weights runs/lenet --set dense_1/bias=bias.npy --out changed.safetensors");
  add_model(command, a->model);
  add_weights_flag(command, a->shared, a->weights);
  add_model_flags(command, a->shared);
  command.add_option("--layer", a->layer, "only this layer's tensors, with their first values")->option_text("NAME");
  command.add_option("--export", a->export_file, "write all tensors: .npz or .safetensors")->option_text("FILE");
  command.add_option("--set", a->set, "replace a tensor by an array; may be repeated")
      ->option_text("TENSOR=FILE.npy")
      ->allow_extra_args(false);
  command.add_option("--out", a->out, "where the changed tensors go (safetensors)")->option_text("FILE");
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_weights(*a); }; });
}

}  // namespace evenkeel::app
