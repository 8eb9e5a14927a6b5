#include "tests/diagnose/rules/judged.h"

namespace evenkeel {
namespace {

/// So far below zero that no relu behind it lets anything through.
void kill(Network& network, const std::string& weight, std::size_t channels) {
  change(network, weight, [&](auto values) { std::fill_n(values.begin(), channels, -1e3f); });
}

/// Dense layers with relu and no normalization.
Sequential relu_mlp() {
  Sequential model({28, 28, 1}, "relu_mlp");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 24, .activation = relu, .name = "hidden"},
            Dense{.units = 16, .activation = relu, .name = "next"}, Dense{.units = 10, .name = "head"});
  return model;
}

TEST(DeadChannels, WarnFromAQuarterOfALayerOn) {
  const auto convnet = trained(small_convnet());
  kill(convnet->network(), "norm_1/beta", 4);
  EXPECT_EQ(summaries_of(judged(dead_channels, convnet->network())), Summaries{"dead-channels warning activation"});
  const auto mlp = trained(relu_mlp());
  kill(mlp->network(), "hidden/bias", 12);
  EXPECT_EQ(summaries_of(judged(dead_channels, mlp->network())), Summaries{"dead-channels warning hidden"});
}

TEST(DeadChannels, AreMentionedBelowThat) {
  const auto convnet = trained(small_convnet());
  kill(convnet->network(), "norm_2/beta", 1);
  EXPECT_EQ(summaries_of(judged(dead_channels, convnet->network())), Summaries{"dead-channels info activation_1"});
}

TEST(DeadChannels, AreAnErrorWhereNothingGetsThrough) {
  const auto mlp = trained(relu_mlp());
  kill(mlp->network(), "next/bias", 16);
  EXPECT_EQ(summaries_of(judged(dead_channels, mlp->network())), Summaries{"dead-channels error next"});
}

TEST(DeadChannels, AreNoneInAHealthyNetwork) {
  for (const Sequential& model : {small_convnet(), relu_mlp()}) {
    const auto trainer = trained(model);
    for (const Finding& f : judged(dead_channels, trainer->network()))
      EXPECT_EQ(f.severity, Severity::info) << model.name() << ": " << f.cause;
  }
}

TEST(DeadChannels, AreNotSeenWhereMovingStatisticsAreToBlame) {
  const auto trainer = trained(small_convnet());
  // In evaluation everything behind norm_1 is below zero; with statistics of the data nothing is.
  change(trainer->network(), "norm_1/moving_mean", [](auto values) { std::ranges::fill(values, 1e3f); });
  EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries());
}

TEST(ConstantOutput, OfTheNetworkIsAnError) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    change(trainer->network(), "head/kernel", [](auto values) { std::ranges::fill(values, 0.0f); });
    EXPECT_EQ(summaries_of(judged(constant_output, trainer->network())), Summaries{"constant-output error head"})
        << model.name();
  }
}

TEST(ConstantOutput, NamesTheLayerThatMakesAChannelConstantAndNoneBehindIt) {
  const auto convnet = trained(small_convnet());
  change(convnet->network(), "conv_1/kernel", [](auto values) {
    for (std::size_t i = 0; i < values.size(); i += 8) values[i] = 0;  // the first of 8 filters
  });
  EXPECT_EQ(summaries_of(judged(constant_output, convnet->network())), Summaries{"constant-output info conv_1"});
  const auto mlp = trained(small_mlp());
  change(mlp->network(), "norm_1/gamma", [](auto values) { std::fill_n(values.begin(), values.size() / 2, 0.0f); });
  EXPECT_EQ(summaries_of(judged(constant_output, mlp->network())), Summaries{"constant-output warning norm_1"});
}

TEST(ConstantOutput, IsNoneInAHealthyNetwork) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    EXPECT_EQ(summaries_of(judged(constant_output, trainer->network())), Summaries()) << model.name();
  }
}

Sequential saturating(ActivationFunction f) {
  Sequential model({28, 28, 1}, "saturating");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 6, .strides = 2, .activation = f, .name = "conv"},
            Flatten{}, Dense{.units = 24, .activation = f, .name = "hidden"}, Dense{.units = 10, .name = "head"});
  return model;
}

TEST(Saturation, IsSeenInSigmoidAndTanhUnitsAtTheirEnds) {
  for (const ActivationFunction f : {sigmoid, tanh})
    for (const std::string layer : {"conv", "hidden"}) {
      const auto trainer = trained(saturating(f));
      change(trainer->network(), layer + "/bias", [](auto values) { std::ranges::fill(values, 50.0f); });
      EXPECT_EQ(summaries_of(judged(saturation, trainer->network())), Summaries{"saturation warning " + layer})
          << name_of(f);
    }
}

TEST(Saturation, IsNoneInAHealthyNetwork) {
  for (const ActivationFunction f : {sigmoid, tanh, relu}) {
    const auto trainer = trained(saturating(f));
    EXPECT_EQ(summaries_of(judged(saturation, trainer->network())), Summaries()) << name_of(f);
  }
}

TEST(Saturation, IsWhatOutputsAreFor) {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 10, .activation = sigmoid, .name = "head"});
  Network network(model, {.loss = SigmoidCrossEntropy{}, .threads = 1});
  change(network, "head/bias", [](auto values) { std::ranges::fill(values, -50.0f); });
  EXPECT_EQ(summaries_of(judged(saturation, network)), Summaries());
}

}  // namespace
}  // namespace evenkeel
