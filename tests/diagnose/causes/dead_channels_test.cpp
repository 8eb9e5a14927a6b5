#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

using namespace activations;

/// So far below zero that no relu behind it lets anything through.
void kill(Network& network, const std::string& weight, std::size_t channels) {
  change(network, weight, [&](auto values) { std::fill_n(values.begin(), channels, -1e3f); });
}

/// Dense layers with relu and a normalization before it.
Sequential relu_mlp() {
  Sequential model({28, 28, 1}, "relu_mlp");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 24, .use_bias = false},
            BatchNormalization{.momentum = 0.9, .name = "norm_1"}, Activation{.activation = relu, .name = "hidden"},
            Dense{.units = 16, .use_bias = false}, BatchNormalization{.momentum = 0.9, .name = "norm_2"},
            Activation{.activation = relu, .name = "next"}, Dense{.units = 10, .name = "head"});
  return model;
}

TEST(DeadChannels, WarnFromAQuarterOfALayerOn) {
  const auto convnet = trained(small_convnet());
  kill(convnet->network(), "norm_1/beta", 4);
  EXPECT_EQ(summaries_of(judged(dead_channels, convnet->network())), Summaries{"dead-channels warning activation"});
  const auto mlp = trained(relu_mlp());
  kill(mlp->network(), "norm_1/beta", 12);
  EXPECT_EQ(summaries_of(judged(dead_channels, mlp->network())), Summaries{"dead-channels warning hidden"});
}

TEST(DeadChannels, AreOnlyMentionedWhereNothingSaysThatTheyEverLived) {
  // Of a dense relu without a normalization many units may never have been above 0, and the network is well.
  Sequential model({28, 28, 1}, "dense_relu");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .activation = relu, .name = "first"},
            Dense{.units = 24, .activation = relu, .name = "second"}, Dense{.units = 10, .name = "head"});
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  for (const char* layer : {"first", "second"}) kill(trainer.network(), std::string(layer) + "/bias", 12);
  trainer.fit(small_data().train, {.steps = 120});
  EXPECT_EQ(summaries_of(judged(dead_channels, trainer.network())), Summaries{"dead-channels info first second"});
}

TEST(DeadChannels, WarnWhereTheyAreMissed) {
  // The same, but the network guesses.
  Sequential model({28, 28, 1}, "dense_relu");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .activation = relu, .name = "hidden"},
            Dense{.units = 10, .name = "head"});
  const auto trainer = trained(model);
  kill(trainer->network(), "hidden/bias", 30);
  EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries{"dead-channels warning hidden"});
}

TEST(DeadChannels, WarnWhereTheNormalizationBehindThemHasSeenThemAlive) {
  Sequential model({28, 28, 1}, "after");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .activation = relu, .name = "conv"},
            MaxPooling2D{}, BatchNormalization{.momentum = 0.9, .name = "norm"}, Flatten{},
            Dense{.units = 10, .name = "head"});
  const auto trainer = trained(model);
  kill(trainer->network(), "conv/bias", 3);
  EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries{"dead-channels warning conv"});
  const std::vector<LayerStatistics> alive = moving_statistics(trainer->network());
  change(trainer->network(), "norm/moving_mean", [](auto values) { std::fill_n(values.begin(), 3, 0.0f); });
  EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries{"dead-channels info conv"});
  EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network(), {.earlier_statistics = alive})),
            Summaries{"dead-channels warning conv"});
}

TEST(DeadChannels, AreNotOutputs) {
  for (const Layer& last : {Layer(Dense{.units = 10, .activation = relu, .name = "head"}), Layer(Dense{.units = 10})}) {
    Model model = relu_mlp();
    Model ending({28, 28, 1}, "ending");
    for (int i = 0; i + 1 < model.layers(); ++i) ending.append(model.nodes()[static_cast<std::size_t>(i)].layer);
    ending.append(last.named("head"));
    if (last.traits().activation == linear) ending.append(Activation{relu});
    const auto trainer = trained(ending, 20);
    kill(trainer->network(), "head/bias", 5);
    EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries());
    EXPECT_EQ(summaries_of(judged(constant_output, trainer->network())), Summaries());
  }
}

TEST(DeadChannels, AreMentionedBelowThat) {
  const auto convnet = trained(small_convnet());
  kill(convnet->network(), "norm_2/beta", 1);
  EXPECT_EQ(summaries_of(judged(dead_channels, convnet->network())), Summaries{"dead-channels info activation_1"});
}

TEST(DeadChannels, AreAnErrorWhereNothingGetsThrough) {
  const auto mlp = trained(relu_mlp());
  kill(mlp->network(), "norm_2/beta", 16);
  EXPECT_EQ(summaries_of(judged(dead_channels, mlp->network())), Summaries{"dead-channels error next"});
}

TEST(DeadChannels, AreNoneInAHealthyNetwork) {
  for (const Sequential& model : {small_convnet(), relu_mlp()}) {
    const auto trainer = trained(model);
    EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries()) << model.name();
  }
}

TEST(DeadChannels, AreNotSeenWhereMovingStatisticsAreToBlame) {
  const auto trainer = trained(small_convnet());
  // In evaluation everything behind norm_1 is below zero; with statistics of the data nothing is.
  change(trainer->network(), "norm_1/moving_mean", [](auto values) { std::ranges::fill(values, 1e3f); });
  EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries());
}

TEST(ConstantOutput, IsSeenInNormalizationsWithoutMovingStatistics) {
  Sequential model({28, 28, 1}, "groups");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .use_bias = false},
            GroupNormalization{.groups = 2, .name = "norm"}, Activation{elu}, Flatten{}, Dense{.units = 10});
  const auto trainer = trained(model, 20);
  change(trainer->network(), "norm/gamma", [](auto values) { std::fill_n(values.begin(), 3, 0.0f); });
  EXPECT_EQ(summaries_of(judged(constant_output, trainer->network())), Summaries{"constant-output warning norm"});
}

TEST(ConstantOutput, OfTheNetworkIsAnError) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    change(trainer->network(), "head/kernel", [](auto values) { std::ranges::fill(values, 0.0f); });
    EXPECT_EQ(summaries_of(judged(constant_output, trainer->network())), Summaries{"constant-output error head"})
        << model.name();
  }
}

TEST(ConstantOutput, OfSomeOutputsIsNoChannelAmongOthers) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    change(trainer->network(), "head/kernel", [](auto values) {
      for (std::size_t i = 0; i < values.size(); i += 10) values[i] = 0;
    });
    const auto findings = judged(constant_output, trainer->network());
    ASSERT_EQ(summaries_of(findings), Summaries{"constant-output warning head"}) << model.name();
    EXPECT_SAYS(findings[0].cause, "1 of 10 outputs of head");
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

/// Numbers around 2000 that hardly differ by that, and a line that meets them.
struct Line {
  Line() : network(model(), {.loss = MeanSquaredError{}, .compute = {.threads = 1}}) {
    const Dataset x = normal_data(1200, {3});
    Tensor y({x.size(), 1}, DType::float32);
    for (std::int64_t i = 0; i < x.size(); ++i)
      y.as<float>()[static_cast<std::size_t>(i)] = 2000 + 0.6f * x.x().as<float>()[static_cast<std::size_t>(3 * i)];
    data = Dataset({.name = "line", .x = Tensor::copy_of(x.x()), .y = std::move(y), .class_names = {}});
    change(network, "head/kernel", [](auto values) { values[0] = 0.6f, values[1] = values[2] = 0; });
    change(network, "head/bias", [](auto values) { values[0] = 2000; });
  }
  static Sequential model() {
    Sequential line({3}, "line");
    line.add(Dense{.units = 1, .name = "head"});
    return line;
  }
  Network network;
  Dataset data;
};

TEST(ConstantOutput, IsMeasuredByTheTargetsOfARegression) {
  Line line;
  EXPECT_EQ(summaries_of(judged_on(constant_output, line.network, {.data = line.data})), Summaries());
  change(line.network, "head/kernel", [](auto values) { values[0] = 1e-4f; });
  EXPECT_EQ(summaries_of(judged_on(constant_output, line.network, {.data = line.data})),
            Summaries{"constant-output error head"});
}

TEST(DeadChannels, AndConstantOnesAreNotJudgedByOneClass) {
  const auto trainer = trained(small_convnet());
  const Dataset nines = one_class(make_strokes(false, 12000), 9);
  ASSERT_GE(nines.size(), 1000);
  for (const auto rule : {dead_channels, constant_output, saturation, gradient_depth})
    EXPECT_EQ(summaries_of(judged_on(rule, trainer->network(), {.data = nines})), Summaries());
}

/// Normalized before each activation, so that units do not saturate by themselves.
Sequential bounded(ActivationFunction f) {
  Sequential model({28, 28, 1}, "bounded");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 6, .strides = 2, .use_bias = false},
            BatchNormalization{.momentum = 0.9, .name = "norm_1"}, Activation{.activation = f, .name = "bent_1"},
            Flatten{}, Dense{.units = 24, .use_bias = false}, BatchNormalization{.momentum = 0.9, .name = "norm_2"},
            Activation{.activation = f, .name = "bent_2"}, Dense{.units = 10, .name = "head"});
  return model;
}

TEST(Saturation, IsSeenInSigmoidAndTanhUnitsAtTheirEnds) {
  for (const ActivationFunction f : {sigmoid, tanh})
    for (const std::string layer : {"1", "2"}) {
      const auto trainer = trained(bounded(f));
      change(trainer->network(), "norm_" + layer + "/beta", [](auto values) { std::ranges::fill(values, 50.0f); });
      EXPECT_EQ(summaries_of(judged(saturation, trainer->network())), Summaries{"saturation warning bent_" + layer})
          << name_of(f);
    }
}

TEST(Saturation, IsSeenInUnitsThatJumpFromEndToEnd) {
  const auto trainer = trained(bounded(tanh));
  change(trainer->network(), "norm_2/gamma", [](auto values) {
    for (float& gamma : values) gamma *= 1e3f;
  });
  EXPECT_EQ(summaries_of(judged(saturation, trainer->network())), Summaries{"saturation warning bent_2"});
}

TEST(Saturation, IsSeenInUnitsThatStayAtTheUpperEndOfAClip) {
  for (const ActivationFunction f : {relu6, hard_sigmoid, clip(-1, 1)}) {
    const auto trainer = trained(bounded(f));
    change(trainer->network(), "norm_2/beta", [](auto values) { std::ranges::fill(values, 50.0f); });
    EXPECT_EQ(summaries_of(judged(saturation, trainer->network())), Summaries{"saturation warning bent_2"})
        << name_of(f);
    EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries()) << name_of(f);
  }
}

TEST(DeadChannels, AreSeenAtTheLowerEndOfAClipAndOfAHardSwish) {
  for (const ActivationFunction f : {relu6, clip(-1, 1), hard_swish}) {
    const auto trainer = trained(bounded(f));
    change(trainer->network(), "norm_2/beta", [](auto values) { std::fill_n(values.begin(), 12, -1e3f); });
    EXPECT_EQ(summaries_of(judged(dead_channels, trainer->network())), Summaries{"dead-channels warning bent_2"})
        << name_of(f);
    EXPECT_EQ(summaries_of(judged(saturation, trainer->network())), Summaries()) << name_of(f);
    EXPECT_EQ(summaries_of(judged(constant_output, trainer->network())), Summaries()) << name_of(f);
  }
}

TEST(DeadChannels, SayWhatTheActivationLeavesOfThem) {
  const auto cause = [](const ActivationFunction& f) {
    const auto trainer = trained(bounded(f));
    change(trainer->network(), "norm_2/beta", [](auto values) { std::fill_n(values.begin(), 12, -1e3f); });
    const std::vector<Finding> found = judged(dead_channels, trainer->network());
    return found.empty() ? std::string() : found.front().cause;
  };
  EXPECT_SAYS(cause(relu6), "are never above 0 in 2048 samples: after a relu6 they pass on nothing and learn nothing");
  EXPECT_SAYS(cause(clip(-1, 1)),
              "are never above -1 in 2048 samples: after a clip(-1, 1) they pass on always the same number and learn "
              "nothing");
  EXPECT_SAYS(cause(elu), "are never above 0 in 2048 samples: after an elu they pass on no more than the part below 0");
}

TEST(Saturation, IsNoneInAHealthyNetwork) {
  for (const ActivationFunction f : {sigmoid, tanh, relu, hard_sigmoid, relu6, silu}) {
    const auto trainer = trained(bounded(f));
    EXPECT_EQ(summaries_of(judged(saturation, trainer->network())), Summaries()) << name_of(f);
  }
}

TEST(Saturation, IsWhatOutputsAreFor) {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 10, .activation = sigmoid, .name = "head"});
  Network network(model, {.loss = SigmoidCrossEntropy{}, .compute = {.threads = 1}});
  change(network, "head/bias", [](auto values) { std::ranges::fill(values, -50.0f); });
  EXPECT_EQ(summaries_of(judged(saturation, network)), Summaries());
}

}  // namespace
}  // namespace evenkeel
