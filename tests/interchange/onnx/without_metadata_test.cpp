#include <gtest/gtest.h>
#include <onnx.pb.h>

#include "evenkeel/formats/file.h"
#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "tests/interchange/round_trip.h"
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

}  // namespace
}  // namespace evenkeel::interchange
