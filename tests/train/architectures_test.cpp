#include "evenkeel/nn/architectures/architectures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"

// What known architectures compute, against torchvision and Keras: tools/golden/make_architecture_outputs.py, which
// says how weights and images are made.

namespace evenkeel {
namespace {

constexpr std::int64_t kBatch = 4, kClasses = 3;

/// Numbers in [-1, 1), row by row, as in the script.
std::vector<double> hashed(const std::string& name, std::int64_t count) {
  std::uint64_t seed = 0xCBF29CE484222325;
  for (const char c : name) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  std::vector<double> numbers(static_cast<std::size_t>(count));
  std::uint32_t index = 0;
  for (double& number : numbers) {
    std::uint32_t h = index++ * 2654435761u + static_cast<std::uint32_t>(seed);
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    number = (h ^ (h >> 16)) / 2147483648.0 - 1;
  }
  return numbers;
}

/// Numbers that a sum in the layer has: its kernel's inputs for each output.
double fan_in(const std::string& type, const Shape& kernel) {
  const auto sizes = kernel.sizes();
  if (type == "Conv2DTranspose") return static_cast<double>(sizes.back());
  const double all = static_cast<double>(kernel.size());
  return type == "DepthwiseConv2D" ? all / static_cast<double>(sizes[2]) : all / static_cast<double>(sizes.back());
}

void set_weights(Network& network) {
  for (const WeightInfo& weight : network.weights()) {
    const std::size_t slash = weight.name.find('/');
    const std::string layer = weight.name.substr(0, slash), kind = weight.name.substr(slash + 1);
    const auto& nodes = network.model().nodes();
    const std::string type(nodes[static_cast<std::size_t>(network.model().find(layer))].layer.type());
    Tensor value(weight.shape, DType::float32);
    const double scale = kind == "kernel"            ? std::sqrt(6 / fan_in(type, weight.shape))
                         : kind == "gamma"           ? 0.2
                         : kind == "moving_variance" ? 0.5
                                                     : 0.1;
    const double offset = kind == "gamma" || kind == "moving_variance" ? 1 : 0;
    const std::vector<double> v = hashed(weight.name, weight.shape.size());
    std::ranges::transform(v, value.as<float>().begin(),
                           [&](double x) { return static_cast<float>(offset + scale * x); });
    network.set_weight(weight.name, value);
  }
}

/// The same model with noise of rate 0.
Model without_noise(const Model& model) {
  return model.with_layers([](const Layer& layer) { return layer.traits().noise ? layer.with("rate", 0.0) : layer; });
}

Dataset images_of(const Shape& shape) {
  Tensor x(shape.batched(kBatch), DType::float32), y({kBatch}, DType::int32);
  std::ranges::transform(hashed("images", x.shape().size()), x.as<float>().begin(),
                         [](double v) { return static_cast<float>(std::floor((v + 1) * 127.5)); });
  std::int32_t next = 0;
  for (std::int32_t& label : y.as<std::int32_t>()) label = next++ % kClasses;
  return Dataset({.name = "images", .x = std::move(x), .y = std::move(y), .class_names = {}});
}

/// Of a network: the side of its images, and its outputs by what was computed.
struct Expected {
  std::int64_t side = 0;
  std::map<std::string, std::vector<double>> outputs;
};

const std::map<std::string, Expected>& all_expected() {
  static const std::map<std::string, Expected> all = [] {
    std::map<std::string, Expected> read;
    std::ifstream file(EVENKEEL_SOURCE_DIR "/tests/golden/architecture_outputs.csv");
    for (std::string line; std::getline(file, line);) {
      std::istringstream cells(line);
      std::string name, side, what;
      std::getline(std::getline(std::getline(cells, name, ','), side, ','), what, ',');
      read[name].side = std::stoll(side);
      for (std::string cell; std::getline(cells, cell, ',');) read[name].outputs[what].push_back(std::stod(cell));
    }
    return read;
  }();
  return all;
}

class ArchitectureOutputs : public testing::TestWithParam<std::string> {
 protected:
  ArchitectureOutputs()
      : expected_(all_expected().at(GetParam())),
        shape_{expected_.side, expected_.side, 3},
        data_(images_of(shape_)),
        trainer_(without_noise(make_architecture(GetParam(), {.input = shape_, .classes = kClasses}).model),
                 {.loss = SoftmaxCrossEntropy{}, .optimizer = SGD{.learning_rate = 1e-3}, .batch_size = kBatch}) {
    set_weights(trainer_.network());
  }

  /// The first outputs, as many as are written, against those of the source, by their relative distance (L2).
  void expect_near(const std::string& what, TensorView actual, double tolerance) const {
    const std::vector<double>& expected = expected_.outputs.at(what);
    const auto values = actual.as<float>();
    ASSERT_GE(values.size(), expected.size());
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      difference += std::pow(double{values[i]} - expected[i], 2);
      norm += expected[i] * expected[i];
    }
    EXPECT_LE(std::sqrt(difference), tolerance * std::sqrt(norm)) << what;
  }

  const Expected& expected_;
  Shape shape_;
  Dataset data_;
  Trainer trainer_;
};

TEST_P(ArchitectureOutputs, AreThoseOfTheSource) {
  expect_near("evaluate", trainer_.predict(data_).outputs, 1e-5);
  const EvaluateOptions training{.batch_size = kBatch, .mode = Mode::train};
  expect_near("train", predict(trainer_.network(), data_, training).outputs, 1e-3);
}

TEST_P(ArchitectureOutputs, AreThoseOfTheSourceAfterAStepOfTraining) {
  if (!expected_.outputs.contains("after")) GTEST_SKIP() << "it has an output for each pixel";
  trainer_.fit(data_, {.steps = 1, .shuffle = false});
  // PyTorch's own float32 is up to 6e-3 from its float64 here (regnet_x_400mf; mobilenet_v2 4e-3, inception_v3 1e-3):
  // gradients through normalizations over few values multiply the rounding.
  expect_near("after", trainer_.predict(data_).outputs, 1e-2);
}

std::vector<std::string> computed_architectures() {
  std::vector<std::string> names;
  for (const auto& [name, expected] : all_expected()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Of, ArchitectureOutputs, testing::ValuesIn(computed_architectures()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace evenkeel
