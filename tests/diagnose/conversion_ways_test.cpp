#include "evenkeel/diagnose/conversion_ways.h"

#include "evenkeel/diagnose/expectation.h"
#include "evenkeel/train/evaluate.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

Dataset images() { return small_data().test.range(0, 80); }

/// What a network that differs, with the same weights, computes.
Tensor outputs_of(Network& network, const Model& other) {
  Network copy(other, {.loss = SoftmaxCrossEntropy{}});
  for (const WeightInfo& weight : copy.weights()) copy.set_weight(weight.name, network.weight(weight.name));
  return predict(copy, images()).outputs.clone();
}
/// What explains the outputs of `other`, seen from `own`.
std::string explanation(const Model& own, const Model& other) {
  Network network(own, {.loss = SoftmaxCrossEntropy{}, .seed = 3});
  return explain_difference(network, images(), outputs_of(network, other)).explanation;
}

Model strided(Padding padding, double scale = 1 / 255.0) {
  Sequential model({28, 28, 1}, "strided");
  model.add(Rescaling{.scale = scale, .name = "prepare"},
            Conv2D{.filters = 6, .kernel_size = 3, .strides = 2, .padding = padding, .name = "conv"}, Activation{relu},
            Flatten{}, Dense{.units = 10, .name = "head"});
  return model;
}

Model resizing(Interpolation interpolation, bool corners) {
  Sequential model({28, 28, 1}, "resizing");
  model.add(Rescaling{.scale = 1 / 255.0, .name = "prepare"},
            Conv2D{.filters = 4, .strides = 2, .padding = Padding::same, .name = "conv"}, Activation{relu},
            UpSampling2D{.interpolation = interpolation, .align_corners = corners, .name = "up"},
            Conv2D{.filters = 4, .strides = 2, .name = "after"}, Flatten{}, Dense{.units = 10, .name = "head"});
  return model;
}

TEST(Conversion, MissingPreprocessingInsideTheModelIsNamed) {
  const std::string text = explanation(strided(Padding::same, 1 / 77.0), strided(Padding::same, 1));
  EXPECT_SAYS(text, "no preprocessing inside");
  EXPECT_SAYS(text, "prepare");
}

TEST(Conversion, SamePaddingInPlaceOfBothEndsIsNamed) {
  const std::string text = explanation(strided(Padding(1, 1, 1, 1)), strided(Padding::same));
  EXPECT_SAYS(text, "pad more at the end");
  EXPECT_SAYS(text, "conv");
}

TEST(Conversion, BothEndsInPlaceOfSamePaddingIsNamed) {
  EXPECT_SAYS(explanation(strided(Padding::same), strided(Padding(1, 1, 1, 1))), "they pad at both ends");
}

TEST(Conversion, AlignedCornersOfAResizingLayerAreNamed) {
  const Model centres = resizing(Interpolation::bilinear, false), corners = resizing(Interpolation::bilinear, true);
  EXPECT_SAYS(explanation(centres, corners), "corners in their place (align_corners) in up");
  EXPECT_SAYS(explanation(corners, centres), "align_corners=False");
}

TEST(Conversion, AnotherInterpolationIsNamed) {
  EXPECT_SAYS(explanation(resizing(Interpolation::bilinear, false), resizing(Interpolation::nearest, false)),
              "by the nearest pixel in up");
}

TEST(Conversion, OfAPlainNetworkHasNoOtherWays) {
  Sequential model({4}, "plain");
  model.add(Dense{.units = 2});
  Network network(model, {});
  EXPECT_TRUE(conversion_ways(network).empty());
}

}  // namespace
}  // namespace evenkeel
