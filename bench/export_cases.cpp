// Writes models as ONNX files, with arrays and what we compute of them, for tools/interchange/check_export.py:
//     export_cases FOLDER [NAME...]
// NAME is an architecture or a model file; without one, all architectures that are not too large for a check, and the
// example models.
#include <fmt/format.h>

#include <filesystem>

#include "evenkeel/base/philox.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "tests/interchange/round_trip.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::interchange;
namespace fs = std::filesystem;

constexpr std::int64_t kSamples = 3;

/// Initial weights, whose vectors are moved about so that none is 0 or 1. Kernels stay, or deep networks overflow.
formats::SafetensorsFile initial_weights(const Model& model) {
  const Network network(model, {.seed = 1, .compute = {.threads = 1}});
  RandomStream random({.seed = 2});
  const auto draw = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random.below(1u << 20)) / static_cast<float>(1u << 20);
  };
  formats::SafetensorsFile weights;
  for (const WeightInfo& weight : network.weights()) {
    Tensor tensor = Tensor::copy_of(network.weight(weight.name));
    const bool is_one = weight.name.ends_with("variance") || weight.name.ends_with("gamma");
    if (weight.shape.rank() == 1)
      for (float& value : tensor.as<float>()) value = is_one ? draw(0.6F, 1.4F) : draw(-0.2F, 0.2F);
    weights.add(weight.name, std::move(tensor));
  }
  return weights;
}

/// An array in an .npz file.
struct Array {
  std::string name;
  Tensor values;
};

void add_outputs(std::vector<Array>& arrays, const Record& record, const std::vector<Tensor>& values,
                 const std::string& kind) {
  for (std::size_t i = 0; i < record.outputs.size(); ++i)
    arrays.push_back({kind + ':' + record.outputs[i].foreign, to_foreign(values[i], record.outputs[i])});
}

/// The moving statistics after a step in training mode, under the names of the outputs that have them.
void add_statistics(std::vector<Array>& arrays, const Model& model, const Record& record,
                    const std::vector<Tensor>& values) {
  std::size_t next = record.outputs.size();
  for (const WeightInfo& weight : weights_of(model)) {
    if (!weight.is_state) continue;
    const Tensor& value = values[next++];
    for (const LayerRecord& layer : record.layers)
      for (const TensorRecord& tensor : layer.tensors)
        if (tensor.name == weight.name && tensor.foreign.find(".running_") != std::string::npos)
          arrays.push_back({"statistic:" + layer.foreign + '/' + tensor.foreign.substr(tensor.foreign.rfind('.') + 1),
                            to_foreign(value, tensor)});
  }
}

void write_case(const fs::path& folder, const std::string& name, const Model& model) {
  const auto weights = initial_weights(model);
  const Arrays inputs = drawn_inputs(model, kSamples, 3);
  const fs::path base = folder / name;
  export_onnx(model, weights, base.string() + ".evaluate.onnx");
  export_onnx(model, weights, base.string() + ".fold.onnx", {.fold = true});
  for (const std::string& note : export_onnx(model, weights, base.string() + ".train.onnx", {.training = true}))
    fmt::print("{}: {}\n", name, note);
  const Record record = import_network(base.string() + ".train.onnx").record;
  std::vector<Array> arrays;
  for (const PortRecord& port : record.inputs)
    arrays.push_back({"input:" + port.foreign, to_foreign(inputs.at(port.name), port)});
  add_outputs(arrays, record, computed(model, weights, inputs, Mode::evaluate), "evaluate");
  const auto trained = computed(model, weights, inputs, Mode::train);
  add_outputs(arrays, record, trained, "train");
  add_statistics(arrays, model, record, trained);
  std::vector<formats::NpzEntry> entries;
  for (const Array& array : arrays) entries.push_back({array.name, array.values.view()});
  formats::write_npz(base.string() + ".npz", entries);
}

Model model_named(const std::string& name) {
  if (name.ends_with(".toml")) return read_model_file(name).model;
  const Architecture& architecture = architecture_named(name);
  const std::int64_t side = std::max<std::int64_t>(architecture.smallest, 64);
  return make_architecture(name, {.input = Shape{side, side, 3}, .classes = 5}).model;
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator("examples/models"))
    if (entry.path().extension() == ".toml") names.push_back(entry.path().string());
  std::ranges::sort(names);
  for (const Architecture& architecture : all_architectures()) names.push_back(architecture.name);
  return names;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const fs::path folder = arguments[1];
  formats::make_folder(folder);
  std::vector<std::string> names(arguments + 2, arguments + count);
  if (names.empty()) names = all_names();
  int failures = 0;
  for (const std::string& name : names) try {
      write_case(folder, fs::path(name).stem().string(), model_named(name));
    } catch (const Error& error) {
      fmt::print("{}: {}\n", name, error.what());
      ++failures;
    }
  return failures == 0 ? 0 : 1;
}
