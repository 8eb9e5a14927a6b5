#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

using namespace activations;

TEST(RedundantBias, IsNamedDirectlyBeforeANormalization) {
  Sequential model({28, 28, 1});
  model.add(Conv2D{.filters = 4, .strides = 2, .name = "conv"}, BatchNormalization{}, Activation{relu}, Flatten{},
            Dense{.units = 12, .name = "hidden"}, BatchNormalizationFromParts{}, Dense{.units = 10, .name = "head"});
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  const auto findings = judged(redundant_bias, network);
  ASSERT_EQ(summaries_of(findings), Summaries{"redundant-bias info conv hidden"});
  EXPECT_EQ(findings[0].evidence[0].value, 16) << "parameters";
}

TEST(RedundantBias, IsNamedBeforeNormalizationsThatKeepNoMovingStatistics) {
  Sequential model({28, 28, 1});
  model.add(Conv2D{.filters = 4, .strides = 2, .name = "conv"}, BatchNormalization{.moving_statistics = false},
            Activation{relu}, Conv2D{.filters = 6, .name = "by_sample"}, GroupNormalization{.groups = -1},
            Conv2D{.filters = 6, .name = "by_group"}, GroupNormalization{.groups = 3}, Flatten{},
            Dense{.units = 8, .name = "by_position"}, LayerNormalization{}, Dense{.units = 8, .name = "frozen"},
            BatchNormalization{.frozen_statistics = true}, Dense{.units = 10, .name = "head"});
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(redundant_bias, network)), Summaries{"redundant-bias info conv by_sample"});
}

TEST(RedundantBias, IsNoneBehindAnActivationOrWhereAnotherLayerReadsIt) {
  Model model({28, 28, 1});
  model.append(Conv2D{.filters = 4, .strides = 2, .activation = relu, .name = "bent"});
  model.append(BatchNormalization{.name = "norm_1"});
  model.append(Conv2D{.filters = 4, .padding = Padding::same, .name = "shared"});
  model.append(BatchNormalization{.name = "norm_2"});
  model.append(Add{.name = "sum"}, {"shared", "norm_2"});
  model.append(Flatten{});
  model.append(Dense{.units = 10, .name = "head"});
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(redundant_bias, network)), Summaries());
}

TEST(RedundantBias, IsNoneWhereTheMeanIsOfAnotherAxisOrOfTwoNormalizations) {
  Model model({28, 28, 1});
  model.append(Conv2D{.filters = 4, .strides = 2, .name = "rows"});
  model.append(BatchNormalization{.axis = 1, .name = "of_rows"});
  model.append(Conv2D{.filters = 4, .strides = 2, .name = "twice"});
  model.append(BatchNormalization{.name = "norm_1"}, {"twice"});
  model.append(BatchNormalization{.name = "norm_2"}, {"twice"});
  model.append(Add{.name = "sum"}, {"norm_1", "norm_2"});
  model.append(Flatten{});
  model.append(Dense{.units = 10, .name = "head"});
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(redundant_bias, network)), Summaries());
}

TEST(RedundantBias, IsNoneInNetworksWithoutThatBias) {
  for (const Sequential& model : small_models()) {
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
    EXPECT_EQ(summaries_of(judged(redundant_bias, network)), Summaries()) << model.name();
  }
}

TEST(DecayedNormalization, IsMentionedWhereTheRunHadWeightDecay) {
  const Records records{.weight_decay = 0.004};
  Network convnet(small_convnet(), {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(decayed_normalization, convnet, records)),
            Summaries{"decayed-normalization info norm_1 norm_2 norm_3"});
  Network mlp(small_mlp(), {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(decayed_normalization, mlp, records)),
            Summaries{"decayed-normalization info norm_1 norm_2"});
}

TEST(DecayedNormalization, IsNoneWithoutWeightDecayOrWithoutARecord) {
  Network network(small_convnet(), {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(decayed_normalization, network, {.weight_decay = 0})), Summaries());
  EXPECT_EQ(summaries_of(judged(decayed_normalization, network)), Summaries());
}

TEST(FoldingHazard, SeesVariancesNearEpsilon) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    Network& network = trainer->network();
    // As from a layer before that is a thousand times smaller: the same function but for epsilon.
    change(network, "norm_1/moving_mean", [](auto values) { std::ranges::fill(values, 0.0f); });
    change(network, "norm_1/moving_variance", [](auto values) { std::fill_n(values.begin(), 3, 1e-3f); });
    const auto findings = judged(folding_hazard, network);
    ASSERT_FALSE(findings.empty()) << model.name();
    EXPECT_EQ(summary_of(findings[0]), "folding-hazard info norm_1");
    EXPECT_GE(findings[0].evidence[0].value, 3) << "channels";
    EXPECT_TRUE(findings[0].cost.has_value());
  }
}

TEST(FoldingHazard, SeesScalesFarAboveTheOthers) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    change(trainer->network(), "norm_2/gamma", [](auto values) { values[0] = 90; });
    const auto findings = judged(folding_hazard, trainer->network());
    ASSERT_FALSE(findings.empty()) << model.name();
    EXPECT_EQ(summary_of(findings.back()), "folding-hazard info norm_2");
    EXPECT_GT(findings.back().evidence[0].value, 20);
  }
}

TEST(FoldingHazard, IsNoneWhereVariancesAreFarFromEpsilonAndScalesAreAlike) {
  Network network(small_convnet(), {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(folding_hazard, network)), Summaries());
}

/// The convnet with a second normalization that is not trained.
Sequential frozen_convnet() {
  Sequential model({28, 28, 1}, "frozen_convnet");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .use_bias = false, .name = "conv_1"},
            BatchNormalization{.momentum = 0.9, .name = "norm_1"}, Activation{relu},
            Conv2D{.filters = 12, .strides = 2, .use_bias = false, .name = "conv_2"},
            BatchNormalization{.momentum = 0.9, .trainable = false, .name = "norm_2"}, Activation{relu}, Flatten{},
            Dense{.units = 10, .name = "head"});
  return model;
}

Sequential frozen_mlp() {
  Sequential model({28, 28, 1}, "frozen_mlp");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .activation = elu, .name = "dense_1"},
            BatchNormalizationFromParts{.momentum = 0.9, .trainable = false, .name = "norm_2"},
            Dense{.units = 10, .name = "head"});
  return model;
}

TEST(FrozenStatistics, AreNamedWhereTheyAreOfOtherDataAndByNoOtherRule) {
  for (const Sequential& model : {frozen_convnet(), frozen_mlp()}) {
    const auto trainer = trained(model);
    change(trainer->network(), "norm_2/moving_variance", [](auto values) {
      for (float& v : values) v *= 12;
    });
    change(trainer->network(), "norm_2/moving_mean", [](auto values) {
      for (float& m : values) m += 1;
    });
    const Diagnosis diagnosis = diagnosed(trainer->network());
    const Finding* found = finding_of(diagnosis, "frozen-statistics");
    ASSERT_TRUE(found) << model.name();
    EXPECT_EQ(summary_of(*found), "frozen-statistics error norm_2") << model.name();
    EXPECT_FALSE(finding_of(diagnosis, "stale-statistics")) << model.name();
    EXPECT_FALSE(finding_of(diagnosis, "lagging")) << model.name();
  }
}

TEST(FrozenStatistics, AreMentionedWhereTheyStillMove) {
  for (const Sequential& model : {frozen_convnet(), frozen_mlp()}) {
    const auto trainer = trained(model);
    const std::vector<LayerStatistics> earlier = moving_statistics(trainer->network());
    trainer->fit(small_data().train, {.steps = 5});
    EXPECT_EQ(summaries_of(judged(frozen_but_moving, trainer->network(), {.earlier_statistics = earlier})),
              Summaries{"frozen-statistics info norm_2"})
        << model.name();
  }
}

TEST(FrozenStatistics, AreFineWhereTheyFitAndStay) {
  for (const Sequential& model : {frozen_convnet(), frozen_mlp(), small_convnet()}) {
    const auto trainer = trained(model);
    const std::vector<LayerStatistics> same = moving_statistics(trainer->network());
    for (const auto rule : {frozen_statistics, frozen_but_moving})
      EXPECT_EQ(summaries_of(judged(rule, trainer->network(), {.earlier_statistics = same})), Summaries())
          << model.name();
  }
}

TEST(FrozenStatistics, ThatMoveHideNoOtherCause) {
  Sequential model({28, 28, 1}, "frozen");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .activation = elu},
            BatchNormalization{.momentum = 0.1, .trainable = false, .name = "norm"}, Dense{.units = 10});
  const auto trainer = trained(model);
  const std::vector<LayerStatistics> earlier = moving_statistics(trainer->network());
  trainer->fit(small_data().train, {.steps = 5});
  const Diagnosis diagnosis = diagnosed(trainer->network(), {.earlier_statistics = earlier});
  EXPECT_TRUE(finding_of(diagnosis, "momentum-inverted")) << told(diagnosis);
}

}  // namespace
}  // namespace evenkeel
