#pragma once

#include <cmath>
#include <functional>

#include "evenkeel/formats/file.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/train/run_arrays.h"
#include "tests/interchange/onnx/onnx_bytes.h"
#include "tests/support/testing.h"

// Small graphs, imported and computed, and what they should compute, in double and in the file's own layout.

namespace evenkeel::interchange::onnx {

/// Numbers of a tensor that differ from each other and from those of another seed, between -1 and 1.
inline std::vector<float> some_numbers(std::int64_t count, int seed) {
  std::vector<float> all;
  for (std::int64_t i = 0; i < count; ++i)
    all.push_back(static_cast<float>(std::sin(1.7 * static_cast<double>(i + 1) + 13.0 * seed)));
  return all;
}

inline std::int64_t count_of_dims(const bytes::Dims& dims) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

/// An initializer of such numbers.
inline std::string weights(const std::string& name, const bytes::Dims& dims, int seed) {
  return bytes::tensor(name, dims, bytes::raw(some_numbers(count_of_dims(dims), seed)));
}

inline Imported imported(const TestFolder& folder, const bytes::Graph& graph, std::int64_t opset = 17,
                         const ImportOptions& options = {}) {
  const auto path = folder / "net.onnx";
  formats::write_file_atomically(path, bytes::model(graph, opset));
  return import_onnx(path, options);
}

/// The outputs, in the file's layout, for inputs `some_numbers` of seed 1, 2, ... in batches of `samples`.
inline std::vector<Tensor> computed(const Imported& network, std::int64_t samples = 2, Mode mode = Mode::evaluate) {
  std::map<std::string, Tensor> arrays;
  int seed = 0;
  for (const PortRecord& port : network.record.inputs) {
    const Shape shape = port.foreign_shape.batched(samples);
    const Tensor x = Tensor::of<float>(shape, some_numbers(shape.size(), ++seed));
    for (const Model::Input& input : network.file.model.inputs())
      if (input.name == port.name) arrays.emplace(port.name, to_ours(x, port, input.shape));
  }
  Network net(network.file.model, {.draw_weights = false});
  for (const auto& [name, tensor] : network.weights.tensors) net.set_weight(name, tensor);
  std::vector<Tensor> outputs;
  const auto ours = run_arrays(net, arrays, mode);
  for (std::size_t i = 0; i < ours.size(); ++i)
    outputs.push_back(to_foreign(ours[i].second, network.record.outputs[i]));
  return outputs;
}

/// An array in the file's layout, in double.
struct Numbers {
  bytes::Dims dims;
  std::vector<double> values;

  Numbers(bytes::Dims sizes, int seed) : dims(std::move(sizes)) {
    for (const float value : some_numbers(count_of_dims(dims), seed)) values.push_back(value);
  }
  explicit Numbers(bytes::Dims sizes) : dims(std::move(sizes)) {
    values.resize(static_cast<std::size_t>(count_of_dims(dims)));
  }
  /// The element at [n, c, h, w], or fewer.
  double& at(std::initializer_list<std::int64_t> place) {
    std::int64_t index = 0;
    std::size_t axis = 0;
    for (const std::int64_t i : place) index = index * dims[axis++] + i;
    return values[static_cast<std::size_t>(index)];
  }
};

/// Sums of a few hundred float32 products differ by less.
inline void expect_equal(const Tensor& actual, const Numbers& expected) {
  ASSERT_EQ(actual.shape(), Shape(expected.dims));
  for (std::size_t i = 0; i < expected.values.size(); ++i)
    ASSERT_NEAR(actual.as<float>()[i], expected.values[i], 2e-5 * std::max(1.0, std::abs(expected.values[i]))) << i;
}

/// The types of the layers, joined.
inline std::string layers_of(const Imported& network) {
  std::string all;
  for (const Model::Node& node : network.file.model.nodes())
    all += (all.empty() ? "" : " ") + std::string(node.layer.type());
  return all;
}

/// Each of our tensors that has a foreign one, back in the foreign layout, is that one of this seed.
inline void expect_way_back(const Imported& network, const std::string& foreign, const bytes::Dims& dims, int seed) {
  for (const LayerRecord& layer : network.record.layers)
    for (const TensorRecord& tensor : layer.tensors) {
      if (tensor.foreign != foreign) continue;
      const Tensor back = to_foreign(*network.weights.find(tensor.name), tensor);
      ASSERT_EQ(back.shape(), Shape(dims));
      const auto expected = some_numbers(count_of_dims(dims), seed);
      for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(back.as<float>()[i], expected[i]) << foreign;
      return;
    }
  FAIL() << "no tensor of " << foreign;
}

}  // namespace evenkeel::interchange::onnx
