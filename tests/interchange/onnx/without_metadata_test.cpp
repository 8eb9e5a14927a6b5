#include <fmt/format.h>
#include <gtest/gtest.h>
#include <onnx.pb.h>

#include <set>

#include "evenkeel/formats/file.h"
#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "tests/interchange/round_trip.h"
#include "tests/nn/layer_examples.h"
#include "tests/support/testing.h"

// A file of ours as any other: without its metadata, its operators alone say what it computes.

namespace evenkeel::interchange {
namespace {

/// Ours to ONNX and back by the operators. The arrays are in the layouts of our inputs.
Imported back_by_operators(const Model& model, const formats::SafetensorsFile& weights, const TestFolder& folder,
                           bool training) {
  export_onnx(model, weights, folder / "net.onnx", {.training = training});
  const formats::Source source(folder / "net.onnx");
  const auto proto = formats::read_onnx_model(source);
  proto->clear_metadata_props();
  formats::write_file_atomically(folder / "plain.onnx", proto->SerializeAsString());
  return import_onnx(folder / "plain.onnx");
}

/// The largest relative distance of an output, in evaluation.
double distance_by_operators(const Model& model, bool training) {
  const TestFolder folder;
  const auto weights = drawn_weights(model, 1);
  const Arrays inputs = drawn_inputs(model, 3, 2);
  const Imported back = back_by_operators(model, weights, folder, training);
  const auto before = computed(model, weights, inputs, Mode::evaluate);
  const auto after = computed(back.file.model, back.weights, inputs, Mode::evaluate);
  if (before.size() != after.size()) return 1e30;
  double largest = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].shape().size() != after[i].shape().size()) return 1e30;
    largest = std::max(largest, relative_distance(after[i], before[i]));
  }
  return largest;
}

class WithoutMetadata : public testing::TestWithParam<std::string> {};

TEST_P(WithoutMetadata, AnArchitectureComesBackByItsOperators) {
  const Architecture& architecture = architecture_named(GetParam());
  const std::int64_t side = std::max<std::int64_t>(architecture.smallest, 32);
  const Model model = make_architecture(GetParam(), {.input = Shape{side, side, 3}, .classes = 3}).model;
  // The same products, but with other layers around them: sums are rounded in another place here and there.
  for (const bool training : {false, true}) EXPECT_LT(distance_by_operators(model, training), 1e-5) << training;
}

INSTANTIATE_TEST_SUITE_P(Of, WithoutMetadata,
                         testing::Values("resnet20", "squeezenet1_1", "googlenet", "shufflenet_v2_x0_5", "mobilenet_v2",
                                         "mobilenet_v3_small", "efficientnet_b0", "regnet_y_400mf", "mnasnet0_5",
                                         "convnext_tiny", "unet"),
                         [](const auto& tested) { return tested.param; });

/// Layers that ONNX has no operator for with some of their options: matrices for means over windows of different sizes,
/// gathered pixels, a normalization by the batch in evaluation too. Noise is not in the file, so that no layer may be.
bool may_be_unknown(const Layer& layer) {
  static const std::set<std::string, std::less<>> types = {"AdaptiveAveragePooling2D", "AveragePooling2D", "Resizing",
                                                           "UpSampling2D", "BatchNormalization"};
  return types.contains(layer.type()) || layer.traits().noise || layer.traits().is_input;
}

TEST(LayersWithoutMetadata, EveryLayerComesBackByItsOperators) {
  int come_back = 0, all = 0;
  for (const Example& example : examples()) {
    std::vector<Model::Input> inputs;
    std::vector<std::string> names;
    for (const Shape& shape : example.inputs) {
      names.push_back("x" + std::to_string(inputs.size()));
      inputs.push_back({names.back(), shape.without_first()});
    }
    Model model = Model::with_inputs(inputs);
    if (example.layer.traits().is_input) names.clear();  // it reads the model's first
    model.append(example.layer, names);
    std::string failure;
    try {
      const double distance = distance_by_operators(model, false);
      if (!(distance < 1e-5)) failure = fmt::format("{:.1e}", distance);
    } catch (const Error& error) {
      failure = error.what();
    }
    if (!failure.empty() && !may_be_unknown(example.layer)) ADD_FAILURE() << example.text() << ": " << failure;
    come_back += failure.empty() ? 1 : 0;
    ++all;
  }
  EXPECT_GT(come_back, all * 3 / 4);
}

}  // namespace
}  // namespace evenkeel::interchange
