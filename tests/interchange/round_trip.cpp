#include "tests/interchange/round_trip.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "evenkeel/base/philox.h"

namespace evenkeel::interchange {
namespace {

/// In [low, high).
void fill(Tensor& tensor, RandomStream& random, float low, float high) {
  for (float& value : tensor.as<float>())
    value = low + (high - low) * static_cast<float>(random.below(1u << 20)) / static_cast<float>(1u << 20);
}

/// The bytes of an ONNX file but for its metadata (field 14 of the message), where this program writes what ONNX cannot
/// say.
std::string without_metadata(const std::string& file) {
  std::string kept;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(file.at(at++));
      value |= static_cast<std::uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < file.size()) {
    const std::size_t begin = at;
    const std::uint64_t tag = varint();
    const std::uint64_t length = varint();  // or the value itself, where that is a number
    if ((tag & 7) == 2) at += length;
    if (tag >> 3 != 14) kept += file.substr(begin, at - begin);
  }
  return kept;
}

void strip_metadata(const std::filesystem::path& path) {
  std::string file;
  {
    std::ifstream in(path, std::ios::binary);
    file.assign(std::istreambuf_iterator<char>(in), {});
  }
  std::ofstream(path, std::ios::binary | std::ios::trunc) << without_metadata(file);
}

}  // namespace

formats::SafetensorsFile drawn_weights(const Model& model, std::uint64_t seed) {
  const Network network(model, {.draw_weights = false, .compute = {.threads = 1}});
  RandomStream random({.seed = seed});
  formats::SafetensorsFile weights;
  for (const WeightInfo& weight : network.weights()) {
    Tensor tensor(weight.shape, DType::float32);
    const bool spread = weight.name.ends_with("variance") || weight.name.ends_with("gamma");
    if (weight.name.ends_with("/batches"))
      tensor.as<float>()[0] = 7;
    else
      fill(tensor, random, spread ? 0.5F : -0.3F, spread ? 1.5F : 0.3F);
    weights.add(weight.name, std::move(tensor));
  }
  return weights;
}

Arrays drawn_inputs(const Model& model, std::int64_t samples, std::uint64_t seed) {
  RandomStream random({.seed = seed});
  Arrays inputs;
  for (const Model::Input& input : model.inputs()) {
    Tensor array(input.shape.batched(samples), DType::float32);
    fill(array, random, -1, 2);
    inputs.emplace(input.name, std::move(array));
  }
  return inputs;
}

Imported written_and_read(const Model& model, const formats::SafetensorsFile& weights, Format format,
                          const std::filesystem::path& folder, bool training) {
  const auto path = folder / (format == Format::keras ? "there.keras" : "there.onnx");
  if (format == Format::keras)
    export_keras(model, weights, path);
  else
    export_onnx(model, weights, path, {.training = training});
  if (format == Format::onnx_graph) strip_metadata(path);
  return import_network(path);
}

std::vector<Tensor> computed(const Model& model, const formats::SafetensorsFile& weights, const Arrays& inputs,
                             Mode mode) {
  Network network(model, {.draw_weights = false, .compute = {.threads = 1}});
  set_all_weights(network, weights);
  Batch batch;
  for (const Model::Input& input : model.inputs()) {
    // After the way back, inputs may have other names, but not another order.
    const std::size_t place = static_cast<std::size_t>(&input - model.inputs().data());
    auto array = inputs.find(input.name);
    if (array == inputs.end()) array = std::next(inputs.begin(), static_cast<std::ptrdiff_t>(place));
    batch.size = array->second.shape()[0];
    Tensor samples = Tensor::copy_of(array->second.view().reshaped(input.shape.batched(batch.size)));
    if (place == 0)
      batch.x = std::move(samples);
    else
      batch.more.push_back(std::move(samples));
  }
  const auto use = mode == Mode::evaluate ? Network::Use::evaluation : Network::Use::any_mode;
  Network::Runner& runner = network.runner(batch.size, Targets::none, use);
  network.run(runner, batch, without_noise(network.context(mode)));
  std::vector<Tensor> results;
  for (const std::string& output : runner.compiled.all_outputs)
    results.push_back(converted(runner.read(output), DType::float32));
  if (mode == Mode::train)
    for (const WeightInfo& weight : network.weights())
      if (weight.is_state) results.push_back(Tensor::copy_of(network.weight(weight.name)));
  return results;
}

std::string difference_after_round_trip(const Model& model, Format format, const std::filesystem::path& folder,
                                        Mode mode, std::int64_t samples) {
  const formats::SafetensorsFile weights = drawn_weights(model, 1);
  const Arrays inputs = drawn_inputs(model, samples, 2);
  const Imported back = written_and_read(model, weights, format, folder);
  const auto before = computed(model, weights, inputs, mode);
  const auto after = computed(back.file.model, back.weights, inputs, mode);
  if (before.size() != after.size()) return fmt::format("{} results, were {}", after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const TensorView a = after[i], b = before[i];
    if (a.shape.size() != b.shape.size())
      return fmt::format("result {}: {}, was {}", i, to_string(a.shape), to_string(b.shape));
    if (!std::equal(a.data, a.data + a.bytes(), b.data))
      return fmt::format("result {}: differs by {:.2g}", i, relative_distance(a, b));
  }
  return {};
}

}  // namespace evenkeel::interchange
