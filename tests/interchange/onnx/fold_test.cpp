#include "evenkeel/interchange/onnx/fold.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/nn/architectures/architectures.h"
#include "tests/interchange/round_trip.h"
#include "tests/support/testing.h"

namespace evenkeel::interchange {
namespace {

/// The largest difference of the outputs, over the root of the mean square of the first's.
double relative_difference(const std::vector<Tensor>& one, const std::vector<Tensor>& other, std::size_t outputs) {
  double largest = 0;
  for (std::size_t i = 0; i < outputs; ++i) {
    const auto a = one[i].as<float>(), b = other[i].as<float>();
    double squares = 0, differences = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
      squares += double{a[k]} * a[k];
      differences += (double{a[k]} - b[k]) * (double{a[k]} - b[k]);
    }
    largest = std::max(largest, std::sqrt(differences / std::max(squares, 1e-30)));
  }
  return largest;
}

int normalizations_in(const Model& model) {
  int count = 0;
  for (const Model::Node& node : model.nodes()) count += node.layer.traits().normalization ? 1 : 0;
  return count;
}

/// Folds, and checks that evaluation computes the same. float32 has 24 bits; sums of a few hundred terms and the kernel
/// that is rounded once more lose less than 8 of them.
Folded checked(const Model& model) {
  const auto weights = drawn_weights(model, 3);
  Folded folded = fold_normalizations(model, weights);
  const auto inputs = drawn_inputs(model, 2, 4);
  const auto before = computed(model, weights, inputs, Mode::evaluate);
  formats::SafetensorsFile rounded;
  for (const auto& [name, tensor] : folded.weights.tensors) rounded.add(name, converted(tensor, DType::float32));
  const auto after = computed(folded.model, rounded, inputs, Mode::evaluate);
  EXPECT_LT(relative_difference(before, after, model.outputs().size()), 0x1p-16);
  return folded;
}

TEST(FoldNormalizations, LeavesNoneInNetworksOfConvolutionsAndNormalizations) {
  for (const char* name : {"resnet18", "mobilenet_v2", "efficientnet_b0"}) {
    const Model model = make_architecture(name, {.input = Shape{32, 32, 3}, .classes = 3}).model;
    EXPECT_EQ(normalizations_in(checked(model).model), 0) << name;
  }
}

TEST(FoldNormalizations, FoldsIntoEveryKindOfLinearLayer) {
  Sequential model({8, 8, 4});
  model.add(Conv2D{.filters = 6, .groups = 2, .use_bias = false}, BatchNormalization{},
            DepthwiseConv2D{.depth_multiplier = 2}, BatchNormalization{.scale = false},
            SeparableConv2D{.filters = 4, .kernel_size = 2}, BatchRenormalization{.center = false},
            Conv2DTranspose{.filters = 6, .strides = 2, .groups = 2, .use_bias = false}, Affine{}, Flatten{},
            Dense{.units = 5}, Dropout{}, BatchNormalizationFromParts{}, LayerScale{});
  const Folded folded = checked(model);
  EXPECT_EQ(normalizations_in(folded.model), 0);
  EXPECT_EQ(folded.folded.size(), 4u);
  EXPECT_EQ(folded.model.find("affine"), -1);
  EXPECT_EQ(folded.model.find("layer_scale"), -1);
}

TEST(FoldNormalizations, RespectsTheOrderOfActivations) {
  Sequential model({8, 8, 3});
  model.add(Conv2D{.filters = 4, .activation = ActivationFunction::relu}, BatchNormalization{}, Conv2D{.filters = 4},
            Activation{ActivationFunction::relu}, BatchNormalization{});
  const Folded folded = checked(model);
  EXPECT_EQ(folded.kept, (std::vector<std::string>{"batch_normalization", "batch_normalization_1"}));
}

TEST(FoldNormalizations, KeepsWhatOthersSee) {
  Model model({8, 8, 3});
  model.append(Conv2D{.filters = 4, .name = "a"});
  model.append(BatchNormalization{.name = "after_a"});
  model.append(Add{.name = "sum"}, {"a", "after_a"});
  model.append(Conv2D{.filters = 4, .name = "b"}, {"sum"});
  model.append(BatchNormalization{.name = "after_b"});
  model.set_outputs({"after_b", "b"});
  EXPECT_EQ(checked(model).kept, (std::vector<std::string>{"after_a", "after_b"}));
}

TEST(FoldNormalizations, LeavesNormalizationsOfOtherAxesAndOfSamples) {
  Sequential model({8, 8, 4});
  model.add(Conv2D{.filters = 4}, BatchNormalization{.axis = 1}, Conv2D{.filters = 4}, GroupNormalization{.groups = 2},
            Conv2D{.filters = 2}, BatchNormalization{.moving_statistics = false});
  EXPECT_EQ(normalizations_in(checked(model).model), 3);
}

TEST(FoldNormalizations, GivesTheOutputItsOldNameInTheFile) {
  Sequential model({4});
  model.add(Dense{.units = 3, .name = "linear"}, BatchNormalization{.name = "scores"});
  const TestFolder folder;
  export_onnx(model, drawn_weights(model, 1), folder / "net.onnx", {.fold = true});
  const Imported back = import_onnx(folder / "net.onnx");
  ASSERT_EQ(back.record.outputs.size(), 1u);
  EXPECT_EQ(back.record.outputs[0].foreign, "scores");
  EXPECT_EQ(normalizations_in(back.file.model), 0);
}

}  // namespace
}  // namespace evenkeel::interchange
