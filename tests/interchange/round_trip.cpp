#include "tests/interchange/round_trip.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "evenkeel/base/philox.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/nn/layer_traits.h"

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

Back written_and_read(const Model& model, const formats::SafetensorsFile& weights, Format format,
                      const std::filesystem::path& folder, bool training) {
  const auto path = folder / (format == Format::keras ? "there.keras" : "there.onnx");
  if (format == Format::keras)
    export_keras(model, weights, path);
  else
    export_onnx(model, weights, path, {.training = training});
  Back back{.imported = import_network(path), .written = {}};
  back.written = back.imported.record;
  if (format != Format::onnx_graph) return back;
  strip_metadata(path);
  back.imported = import_network(path);
  return back;
}

std::vector<Tensor> computed(const Model& model, const formats::SafetensorsFile& weights, const Arrays& inputs,
                             Mode mode) {
  const auto network = network_of(model, weights);
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
  std::vector<Tensor> results = outputs_without_noise(*network, batch, mode);
  if (mode == Mode::train)
    for (const WeightInfo& weight : network->weights())
      if (weight.is_state) results.push_back(Tensor::copy_of(network->weight(weight.name)));
  return results;
}

namespace {

/// With the variance that ONNX and Keras know.
Model with_biased_variance(const Model& model) {
  return model.with_layers([](const Layer& layer) {
    const LayerTraits traits = layer.traits();
    const bool unbiased =
        traits.normalization && traits.normalization->moving && traits.normalization->moving->unbiased;
    return unbiased ? layer.with("unbiased_moving_variance", false) : layer;
  });
}

/// Samples as the model that was read from a file's graph has them: it may see other axes as channels than the model
/// that was written.
Arrays laid_out(const Model& model, const Back& back, const Arrays& inputs) {
  Arrays result;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    const Tensor foreign = to_foreign(inputs.at(model.inputs()[i].name), back.written.inputs[i]);
    const Model::Input& input = back.imported.file.model.inputs()[i];
    result.emplace(input.name, to_ours(foreign, back.imported.record.inputs[i], input.shape));
  }
  return result;
}

/// The outputs, which come first, in the layout of the file.
void lay_out_outputs(std::vector<Tensor>& results, const Record& record) {
  for (std::size_t i = 0; i < record.outputs.size() && i < results.size(); ++i)
    results[i] = to_foreign(results[i], record.outputs[i]);
}

}  // namespace

std::string difference_after_round_trip(const Model& original, Format format, const std::filesystem::path& folder,
                                        Mode mode, std::int64_t samples, double allowed) {
  const Model model = format == Format::onnx ? original : with_biased_variance(original);
  const formats::SafetensorsFile weights = drawn_weights(model, 1);
  const Arrays inputs = drawn_inputs(model, samples, 2);
  const Back back = written_and_read(model, weights, format, folder);
  auto before = computed(model, weights, inputs, mode);
  auto after = computed(back.imported.file.model, back.imported.weights, laid_out(model, back, inputs), mode);
  lay_out_outputs(before, back.written);
  lay_out_outputs(after, back.imported.record);
  if (before.size() != after.size()) return fmt::format("{} results, were {}", after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const TensorView a = after[i], b = before[i];
    if (a.shape.size() != b.shape.size())
      return fmt::format("result {}: {}, was {}", i, to_string(a.shape), to_string(b.shape));
    const bool same = std::equal(a.data, a.data + a.bytes(), b.data);
    if (!same && !(relative_distance(a, b) <= allowed))
      return fmt::format("result {}: differs by {:.2g}", i, relative_distance(a, b));
  }
  return {};
}

}  // namespace evenkeel::interchange
