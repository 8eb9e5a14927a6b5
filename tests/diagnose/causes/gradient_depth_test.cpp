#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

using namespace activations;

Sequential deep_mlp(ActivationFunction f, bool normalized = false) {
  Sequential model({28, 28, 1}, "deep_mlp");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{});
  for (int i = 0; i < 10; ++i) {
    model.add(Dense{.units = 24, .activation = f});
    if (normalized) model.add(BatchNormalization{});
  }
  model.add(Dense{.units = 10, .name = "head"});
  return model;
}

Sequential deep_convnet(double deviation) {
  Sequential model({28, 28, 1}, "deep_convnet");
  model.add(Rescaling{.scale = 1 / 255.0});
  for (int i = 0; i < 8; ++i)
    model.add(Conv2D{.filters = 6,
                     .strides = i == 0 ? 2 : 1,
                     .padding = Padding::same,
                     .activation = relu,
                     .kernel_initializer = Initializer::truncated_normal(deviation)});
  model.add(Flatten{}, Dense{.units = 10, .name = "head"});
  return model;
}

Network fresh(const Model& model) { return {model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}}}; }

TEST(VanishingGradient, IsSeenBehindManySigmoids) {
  Network network = fresh(deep_mlp(sigmoid));
  EXPECT_EQ(summaries_of(judged(gradient_depth, network)), Summaries{"vanishing-gradient warning dense head"});
}

TEST(VanishingGradient, IsSeenBehindConvolutionsThatAreTooSmall) {
  Network network = fresh(deep_convnet(0.01));
  EXPECT_EQ(summaries_of(judged(gradient_depth, network)), Summaries{"vanishing-gradient warning conv2d head"});
}

TEST(VanishingGradient, IsSeenWhereEverySampleLooksLikeTheNext) {
  Network network = fresh(deep_mlp(relu));
  // What is added to all samples alike is far above what tells them apart; neither fades by itself.
  change(network, "dense_4/bias", [](auto values) { std::ranges::fill(values, 10.0f); });
  const auto findings = judged(gradient_depth, network);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "vanishing-gradient");
}

TEST(VanishingGradient, IsAnErrorAfterTraining) {
  Network network = fresh(deep_mlp(sigmoid));
  EXPECT_EQ(summaries_of(judged(gradient_depth, network, {.updates = 1000})),
            Summaries{"vanishing-gradient error dense head"});
}

TEST(ExplodingGradient, IsSeenBehindLayersThatAreTooLarge) {
  Network convnet = fresh(deep_convnet(2));
  EXPECT_EQ(summaries_of(judged(gradient_depth, convnet)), Summaries{"exploding-gradient warning conv2d head"});
  Network mlp = fresh(deep_mlp(relu));
  for (const WeightInfo& weight : mlp.weights())
    if (weight.name.ends_with("/kernel"))
      change(mlp, weight.name, [](auto values) {
        for (float& w : values) w *= 8;
      });
  EXPECT_EQ(summaries_of(judged(gradient_depth, mlp)), Summaries{"exploding-gradient warning dense head"});
}

TEST(GradientDepth, IsFineInFreshNetworksThatCanLearn) {
  for (const Sequential& model : {deep_mlp(relu, true), deep_mlp(elu), small_convnet(), small_mlp()}) {
    Network network = fresh(model);
    EXPECT_EQ(summaries_of(judged(gradient_depth, network)), Summaries()) << model.name();
  }
}

TEST(GradientDepth, IsNotBlamedWhereAKernelIsZero) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model, 20);
    change(trainer->network(), "head/kernel", [](auto values) { std::ranges::fill(values, 0.0f); });
    EXPECT_EQ(summaries_of(judged(gradient_depth, trainer->network())), Summaries()) << model.name();
  }
}

TEST(GradientDepth, DoesNotMatterToANetworkThatLearns) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    EXPECT_EQ(summaries_of(judged(gradient_depth, trainer->network())), Summaries()) << model.name();
  }
}

}  // namespace
}  // namespace evenkeel
