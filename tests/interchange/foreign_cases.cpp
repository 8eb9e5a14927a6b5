#include "tests/interchange/foreign_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "evenkeel/formats/file.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/nn/layer_traits.h"

namespace evenkeel::interchange {

namespace fs = std::filesystem;

fs::path ForeignCase::write(const fs::path& folder) const {
  const fs::path path = folder / ("net" + ending);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(model.data()), static_cast<std::streamsize>(model.bytes()));
  return path;
}

const Arrays& ForeignCase::of(const std::string& kind) const {
  static const Arrays none;
  const auto found = arrays.find(kind);
  return found == arrays.end() ? none : found->second;
}

std::map<std::string, ForeignCase> read_cases(const fs::path& archive) {
  formats::SafetensorsFile file = formats::decode_safetensors(formats::read_maybe_gzip(archive), archive.string());
  std::map<std::string, ForeignCase> cases;
  for (auto& [name, tensor] : file.tensors) {
    const std::size_t first = name.find('/'), second = name.find('/', first + 1);
    if (first == std::string::npos) throw Error{{.where = archive.string(), .received = name}};
    ForeignCase& one = cases[name.substr(0, first)];
    if (second == std::string::npos) {
      one.ending = name.substr(first + 1) == "model" ? ".onnx" : '.' + name.substr(first + 1);
      one.model = std::move(tensor);
    } else {
      one.arrays[name.substr(first + 1, second - first - 1)].emplace(name.substr(second + 1), std::move(tensor));
    }
  }
  for (auto& [name, one] : cases) one.about = file.metadata[name];
  return cases;
}

std::unique_ptr<Network> network_of(const Model& model, const formats::SafetensorsFile& weights) {
  auto network = std::make_unique<Network>(model, NetworkOptions{.draw_weights = false, .compute = {.threads = 1}});
  for (const WeightInfo& weight : network->weights()) {
    const Tensor* tensor = weights.find(weight.name);
    if (!tensor) throw Error{{.where = "weights", .expected = weight.name, .received = "no such tensor"}};
    network->set_weight(weight.name, *tensor);
  }
  return network;
}

std::unique_ptr<Network> network_of(const Imported& imported) {
  return network_of(imported.file.model, imported.weights);
}

std::vector<Tensor> outputs_without_noise(Network& network, const Batch& batch, Mode mode) {
  const auto use = mode == Mode::evaluate ? Network::Use::evaluation : Network::Use::any_mode;
  Network::Runner& runner = network.runner(batch.size, Targets::none, use);
  StepContext context = network.context(mode);
  for (LayerMode& layer : context.modes) layer.dropout = false;
  network.run(runner, batch, context);
  std::vector<Tensor> outputs;
  for (const std::string& output : runner.compiled.all_outputs)
    outputs.push_back(converted(runner.read(output), DType::float32));
  return outputs;
}

namespace {

const Tensor& array_named(const Arrays& arrays, const PortRecord& port) {
  auto found = arrays.find(port.foreign);
  if (found == arrays.end() && arrays.size() == 1) found = arrays.begin();
  if (found == arrays.end()) throw Error{{.where = "inputs", .expected = port.foreign, .received = "no such array"}};
  return found->second;
}

const PortRecord& port_named(const std::vector<PortRecord>& ports, const std::string& name) {
  for (const PortRecord& port : ports)
    if (port.name == name) return port;
  throw Error{{.kind = Error::internal, .where = "record", .expected = name, .received = "no such port"}};
}

Batch batch_of(const Imported& imported, const Arrays& inputs) {
  Batch batch;
  const auto& ours = imported.file.model.inputs();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const PortRecord& port = port_named(imported.record.inputs, ours[i].name);
    const Tensor foreign = converted(array_named(inputs, port), DType::float32);
    Tensor samples = to_ours(foreign, port, ours[i].shape);
    batch.size = samples.shape()[0];
    if (i == 0)
      batch.x = std::move(samples);
    else
      batch.more.push_back(std::move(samples));
  }
  return batch;
}

}  // namespace

Arrays run_foreign(const Imported& imported, Network& network, const Arrays& inputs, Mode mode) {
  const std::vector<Tensor> ours = outputs_without_noise(network, batch_of(imported, inputs), mode);
  Arrays outputs;
  const Model& model = network.model();
  const std::vector<int> layers = model.outputs();
  // One layer of ours may be several outputs of the graph.
  for (const PortRecord& port : imported.record.outputs)
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (model.name_of(layers[i]) == port.name) outputs.emplace(port.foreign, to_foreign(ours[i], port));
  return outputs;
}

Arrays numbered(const Imported& imported, Arrays outputs) {
  Arrays renamed;
  for (std::size_t i = 0; i < imported.record.outputs.size(); ++i) {
    const std::string name = imported.record.outputs.size() > 1 ? fmt::format("y{}", i) : "y";
    const auto found = outputs.find(imported.record.outputs[i].foreign);
    if (found != outputs.end()) renamed.emplace(name, std::move(found->second));
  }
  return renamed;
}

namespace {

/// The name that a moving statistic may have in the archives: PyTorch's buffer, or "<layer>.moving_mean".
std::string statistic_name(const LayerRecord& layer, const TensorRecord& tensor, const Arrays& known) {
  if (known.contains(tensor.foreign)) return tensor.foreign;
  std::string name = layer.foreign + tensor.name.substr(tensor.name.rfind('/'));
  std::ranges::replace(name, '/', '.');
  return name;
}

}  // namespace

std::vector<std::pair<std::string, double>> distances_of_statistics(const Imported& imported, Network& network,
                                                                    const std::map<std::string, Arrays>& arrays) {
  std::vector<std::pair<std::string, double>> distances;
  if (!arrays.contains("statistics")) return distances;
  const Model& model = imported.file.model;
  for (const LayerRecord& layer : imported.record.layers) {
    const LayerTraits traits = model.nodes()[static_cast<std::size_t>(model.find(layer.name))].layer.traits();
    const bool unbiased =
        traits.normalization && traits.normalization->moving && traits.normalization->moving->unbiased;
    const Arrays& known = arrays.at(unbiased || !arrays.contains("biased") ? "statistics" : "biased");
    for (const TensorRecord& tensor : layer.tensors) {
      if (!tensor.name.ends_with("/moving_mean") && !tensor.name.ends_with("/moving_variance")) continue;
      const std::string name = statistic_name(layer, tensor, known);
      const auto expected = known.find(name);
      distances.emplace_back(name, expected == known.end()
                                       ? std::numeric_limits<double>::infinity()
                                       : relative_distance(network.weight(tensor.name), expected->second));
    }
  }
  return distances;
}

double relative_distance(TensorView a, TensorView b) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (a.shape.size() != b.shape.size()) return infinite;
  const Tensor x = converted(a, DType::float64), y = converted(b, DType::float64);
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < x.as<double>().size(); ++i) {
    difference += std::pow(x.as<double>()[i] - y.as<double>()[i], 2);
    norm += y.as<double>()[i] * y.as<double>()[i];
  }
  if (difference == 0) return 0;
  const double distance = std::sqrt(difference / norm);
  return std::isnan(distance) ? infinite : distance;
}

}  // namespace evenkeel::interchange
