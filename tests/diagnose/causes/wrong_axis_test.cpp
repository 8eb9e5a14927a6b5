#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

using namespace activations;

/// A convolution that makes 13 x 13 x 13, normalized along that axis.
Sequential cube(std::int64_t axis, bool second = false) {
  Sequential model({28, 28, 1}, "cube");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 13, .strides = 2, .use_bias = false, .name = "conv"},
            BatchNormalization{.axis = axis, .momentum = 0.9, .name = "norm"}, Activation{relu});
  if (second)
    model.add(Conv2D{.filters = 13, .padding = Padding::same, .use_bias = false, .name = "conv_2"},
              BatchNormalization{.axis = axis, .momentum = 0.9, .name = "norm_2"}, Activation{relu});
  model.add(MaxPooling2D{}, Flatten{}, Dense{.units = 10, .name = "head"});
  return model;
}

/// The weights of a trained network under another declaration.
std::unique_ptr<Network> declared_as(const Model& model, const Network& trained) {
  auto network =
      std::make_unique<Network>(model, NetworkOptions{.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  for (const WeightInfo& weight : trained.weights()) network->set_weight(weight.name, trained.weight(weight.name));
  return network;
}

TEST(WrongAxis, IsFoundWhereLengthsAreEqual) {
  for (const auto& [learnt, declared] : {std::pair{1, -1}, {-1, 1}, {2, -1}}) {
    const auto trainer = trained(cube(learnt));
    const auto network = declared_as(cube(declared), trainer->network());
    const Diagnosis diagnosis = diagnosed(*network);
    const Finding* found = finding_of(diagnosis, "wrong-axis");
    ASSERT_TRUE(found) << learnt << " declared as " << declared << '\n' << told(diagnosis);
    EXPECT_EQ(found->layers, std::vector<std::string>{"norm"});
    EXPECT_GE(found->severity, Severity::warning);
    EXPECT_SAYS(found->cause, "axis " + std::to_string(learnt < 0 ? learnt + 4 : learnt) + " fits");
    EXPECT_FALSE(finding_of(diagnosis, "stale-statistics")) << told(diagnosis);
  }
}

TEST(WrongAxis, IsFoundInEveryLayerThatHasIt) {
  const auto trainer = trained(cube(1, true));
  const auto network = declared_as(cube(-1, true), trainer->network());
  const std::vector<Finding> findings = judged(wrong_axis, *network);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].layers, (std::vector<std::string>{"norm", "norm_2"}));
}

TEST(WrongAxis, IsNoneWhereTheAxisIsRight) {
  for (const std::int64_t axis : {1, -1}) {
    const auto trainer = trained(cube(axis));
    EXPECT_EQ(summaries_of(judged(wrong_axis, trainer->network())), Summaries()) << axis;
  }
}

TEST(WrongAxis, IsNotToBlameForStatisticsThatFitNoAxis) {
  const auto trainer = trained(cube(-1));
  change(trainer->network(), "norm/moving_mean", [](auto values) {
    for (float& m : values) m += 3;
  });
  EXPECT_EQ(summaries_of(judged(wrong_axis, trainer->network())), Summaries());
}

TEST(WrongAxis, CannotBeToldWhereLengthsDiffer) {
  const auto trainer = trained(small_convnet());
  EXPECT_EQ(summaries_of(judged(wrong_axis, trainer->network())), Summaries());
}

}  // namespace
}  // namespace evenkeel
