#include "tests/interchange/round_trip.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/nn/architectures/architectures.h"
#include "evenkeel/nn/layer_traits.h"
#include "tests/nn/layer_examples.h"
#include "tests/support/testing.h"

// Ours to ONNX or Keras and back computes the same, to the bit (from an ONNX graph alone, within rounding): the example
// models, the known architectures, and every registered layer with each of its fields at several values.

namespace evenkeel::interchange {
namespace {

std::string name_of(Format format) {
  return format == Format::onnx ? "onnx" : format == Format::keras ? "keras" : "onnx_graph";
}

/// Others' operators may be other layers of ours, which round in another way.
double allowed(Format format) { return format == Format::onnx_graph ? 1e-5 : 0; }

void expect_equal_after_round_trip(const Model& model, Format format, std::int64_t samples = 3) {
  const TestFolder folder;
  for (const Mode mode : {Mode::evaluate, Mode::train})
    EXPECT_EQ(difference_after_round_trip(model, format, folder.path(), mode, samples, allowed(format)), "")
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
  static const std::vector<std::string> onnx = {};
  static const std::vector<std::string> keras = {"Affine",    "BatchRenormalization", "ChannelShuffle",
                                                 "Padding2D", "SliceChannels",        "Uout"};
  return format == Format::keras ? keras : onnx;
}

/// This layer is written as another that computes the same in another order.
double allowed_of(const std::string& type, Format format) {
  return type == "BatchNormalizationFromParts" && format == Format::keras ? 1e-6 : allowed(format);
}

/// An ONNX graph has no moving statistics that are not the operator's. In Keras a BatchNormalization that is not
/// trainable uses its moving statistics in training too, which the export says.
std::vector<Mode> compared_modes(Format format, const Example* example = nullptr) {
  const bool becomes_frozen = example && format == Format::keras && example->layer.traits().normalization &&
                              example->layer.traits().normalization->moving && !example->layer.trainable();
  return format == Format::onnx_graph || becomes_frozen ? std::vector{Mode::evaluate}
                                                        : std::vector{Mode::evaluate, Mode::train};
}

TEST_P(RoundTrip, KeepsEveryLayer) {
  const TestFolder folder;
  std::map<std::string, int> kept, refused;
  for (const Example& example : examples()) {
    const std::string type(example.layer.type());
    if (type == "Input") continue;  // a model of its own
    // No operator normalizes by the batch in evaluation too.
    if (GetParam() == Format::onnx_graph && example.text().find("moving_statistics false") != std::string::npos)
      continue;
    SCOPED_TRACE(example.text());
    try {
      for (const Mode mode : compared_modes(GetParam(), &example))
        EXPECT_EQ(difference_after_round_trip(model_of(example), GetParam(), folder.path(), mode, example.inputs[0][0],
                                              allowed_of(type, GetParam())),
                  "")
            << (mode == Mode::train ? "in training mode" : "in evaluation mode");
      ++kept[type];
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Error::unsupported) << error.what();
      EXPECT_SAYS(std::string(error.what()), "layer");  // its name
      ++refused[type];
    }
  }
  std::vector<std::string> never;
  for (const auto& [type, count] : refused)
    if (kept[type] == 0) never.push_back(type);
  EXPECT_EQ(never, inexpressible(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Of, RoundTrip, testing::Values(Format::onnx, Format::onnx_graph, Format::keras),
                         [](const auto& tested) { return name_of(tested.param); });

class ArchitectureRoundTrip : public testing::TestWithParam<std::tuple<Format, std::string>> {};

/// Keras has no max pooling with padding in numbers or ceil_mode, and no channel shuffle.
const std::vector<std::string> kNotInKeras = {"resnet18", "densenet121", "squeezenet1_1", "googlenet",
                                              "shufflenet_v2_x0_5"};

TEST_P(ArchitectureRoundTrip, KeepsWhatItComputesOrIsRefused) {
  const auto& [format, name] = GetParam();
  const Architecture& architecture = architecture_named(name);
  const std::int64_t side = std::max<std::int64_t>(architecture.smallest, 32);
  const ModelFile file = make_architecture(name, {.input = Shape{side, side, 3}, .classes = 3});
  if (format != Format::keras || !std::ranges::count(kNotInKeras, name))
    return expect_equal_after_round_trip(file.model, format, 2);
  const TestFolder folder;
  try {
    export_keras(file.model, drawn_weights(file.model, 1), folder / "net.keras");
    ADD_FAILURE() << "it was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::unsupported) << error.what();
  }
  EXPECT_EQ(folder.files(), 0u);
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
