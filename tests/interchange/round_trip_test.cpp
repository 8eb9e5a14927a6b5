#include "tests/interchange/round_trip.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/nn/architectures/architectures.h"
#include "evenkeel/nn/layer_traits.h"
#include "tests/nn/layer_examples.h"
#include "tests/support/testing.h"

// Ours to ONNX or Keras and back computes the same, to the bit: the example models, the known architectures, and every
// registered layer with each of its fields at several values.

namespace evenkeel::interchange {
namespace {

std::string name_of(Format format) {
  return format == Format::onnx ? "onnx" : format == Format::keras ? "keras" : "onnx_graph";
}

void expect_equal_after_round_trip(const Model& model, Format format, std::int64_t samples = 3) {
  const TestFolder folder;
  for (const Mode mode : {Mode::evaluate, Mode::train})
    EXPECT_EQ(difference_after_round_trip(model, format, folder.path(), mode, samples), "")
        << (mode == Mode::train ? "in training mode" : "in evaluation mode");
}

class RoundTrip : public testing::TestWithParam<Format> {};

TEST_P(RoundTrip, KeepsTheExampleModels) {
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(EVENKEEL_SOURCE_DIR "/examples/models")) {
    if (entry.path().extension() != ".toml") continue;
    SCOPED_TRACE(entry.path().filename());
    expect_equal_after_round_trip(read_model_file(entry.path()).model, GetParam());
    ++models;
  }
  EXPECT_GT(models, 5);
}

/// Layers that no file of this format can express, each an Error that names the layer.
const std::vector<std::string>& inexpressible(Format format) {
  static const std::vector<std::string> onnx = {}, keras = {};
  return format == Format::keras ? keras : onnx;
}

/// A model of one layer of an example.
Model model_of(const Example& example) {
  std::vector<Model::Input> inputs;
  std::vector<std::string> names;
  for (const Shape& shape : example.inputs) {
    names.push_back("x" + std::to_string(inputs.size()));
    const auto sizes = shape.sizes();
    inputs.push_back({names.back(), Shape(std::vector<std::int64_t>(sizes.begin() + 1, sizes.end()))});
  }
  Model model = Model::with_inputs(std::move(inputs));
  model.append(example.layer, names);
  return model;
}

TEST_P(RoundTrip, KeepsEveryLayer) {
  const TestFolder folder;
  std::map<std::string, int> kept, refused;
  for (const Example& example : examples()) {
    SCOPED_TRACE(example.text());
    const std::string type(example.layer.type());
    const std::int64_t samples = example.inputs[0][0];
    try {
      for (const Mode mode : {Mode::evaluate, Mode::train})
        EXPECT_EQ(difference_after_round_trip(model_of(example), GetParam(), folder.path(), mode, samples), "")
            << (mode == Mode::train ? "in training mode" : "in evaluation mode");
      ++kept[type];
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Error::unsupported) << error.what();
      EXPECT_SAYS(std::string(error.what()), type);
      ++refused[type];
    }
  }
  const auto& allowed = inexpressible(GetParam());
  for (const auto& [type, count] : refused)
    EXPECT_TRUE(std::ranges::count(allowed, type) || kept[type] > count / 4) << type << ": " << count << " refused";
  for (const std::string& type : allowed) EXPECT_EQ(kept[type], 0) << type << " is in the list, and comes back";
}

INSTANTIATE_TEST_SUITE_P(Of, RoundTrip, testing::Values(Format::onnx, Format::onnx_graph, Format::keras),
                         [](const auto& tested) { return name_of(tested.param); });

class ArchitectureRoundTrip : public testing::TestWithParam<std::tuple<Format, std::string>> {};

TEST_P(ArchitectureRoundTrip, KeepsWhatItComputes) {
  const auto& [format, name] = GetParam();
  const Architecture& architecture = architecture_named(name);
  const std::int64_t side = std::max<std::int64_t>(architecture.smallest, 32);
  const ModelFile file = make_architecture(name, {.input = Shape{side, side, 3}, .classes = 3});
  expect_equal_after_round_trip(file.model, format, 2);
}

/// One or two of each family: the larger ones have the same layers.
const std::vector<std::string> kArchitectures = {
    "resnet18",       "resnet50_v2",        "resnet20",      "densenet121",  "squeezenet1_1",      "googlenet",
    "inception_v3",   "shufflenet_v2_x0_5", "mobilenet_v1",  "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0",
    "regnet_y_400mf", "mnasnet0_5",         "convnext_tiny", "unet"};

INSTANTIATE_TEST_SUITE_P(Of, ArchitectureRoundTrip,
                         testing::Combine(testing::Values(Format::onnx, Format::onnx_graph, Format::keras),
                                          testing::ValuesIn(kArchitectures)),
                         [](const auto& tested) {
                           return name_of(std::get<0>(tested.param)) + '_' + std::get<1>(tested.param);
                         });

}  // namespace
}  // namespace evenkeel::interchange
