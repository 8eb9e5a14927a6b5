#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

namespace evenkeel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void reset_statistics(Network& network, const std::string& layer) {
  change(network, layer + "/moving_mean", [](std::span<float> values) { std::ranges::fill(values, 0.0f); });
  change(network, layer + "/moving_variance", [](std::span<float> values) { std::ranges::fill(values, 1.0f); });
}

TEST(MovingStatistics, AreSilentOnHealthyNetworks) {
  for (const Model& model : {Model(small_convnet()), Model(small_mlp())}) {
    const auto trainer = trained(model);
    const Diagnosis diagnosis = diagnosed(trainer->network());
    EXPECT_EQ(alarms(diagnosis), 0) << told(diagnosis);
  }
}

TEST(MovingStatistics, NamesOneLayerThatWasNeverUpdated) {
  const std::vector<std::pair<Model, std::string>> cases = {{small_convnet(), "norm_2"}, {small_mlp(), "norm_1"}};
  for (const auto& [model, layer] : cases) {
    const auto trainer = trained(model);
    reset_statistics(trainer->network(), layer);
    const Diagnosis diagnosis = diagnosed(trainer->network());
    const Finding* finding = finding_of(diagnosis, "never-updated");
    ASSERT_TRUE(finding) << told(diagnosis);
    EXPECT_THAT(finding->layers, ElementsAre(layer));
    EXPECT_GE(finding->severity, Severity::warning) << told(diagnosis);
    EXPECT_EQ(alarms(diagnosis), 1) << "the layers behind it are not to blame: " << told(diagnosis);
  }
}

/// Depthwise, grouped, dilated and transposed convolutions, each with a normalization behind it.
Sequential grouped_convnet() {
  Sequential model({28, 28, 1}, "grouped_convnet");
  const auto norm = [](const char* name) { return BatchNormalization{.momentum = 0.9, .name = name}; };
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .use_bias = false, .name = "conv"},
            norm("of_conv"), Activation{relu},
            DepthwiseConv2D{.strides = 2, .padding = 1, .use_bias = false, .name = "depthwise"}, norm("of_depthwise"),
            Activation{relu}, Conv2D{.filters = 12, .padding = 2, .dilation_rate = 2, .groups = 4, .name = "grouped"},
            norm("of_grouped"), Activation{relu},
            Conv2DTranspose{.filters = 8, .strides = 2, .padding = Padding::same, .name = "transposed"},
            norm("of_transposed"), Activation{relu}, MaxPooling2D{}, Flatten{}, Dense{.units = 10, .name = "head"});
  return model;
}

TEST(MovingStatistics, NamesAStaleLayerBehindEveryKindOfConvolutionAndReestimatingMendsIt) {
  const auto trainer = trained(grouped_convnet());
  Network& network = trainer->network();
  EXPECT_EQ(alarms(diagnosed(network)), 0) << told(diagnosed(network));
  for (const std::string layer : {"of_depthwise", "of_grouped", "of_transposed"}) {
    const Tensor mean = Tensor::copy_of(network.weight(layer + "/moving_mean"));
    const Tensor variance = Tensor::copy_of(network.weight(layer + "/moving_variance"));
    reset_statistics(network, layer);
    const Diagnosis diagnosis = diagnosed(network);
    const Finding* finding = finding_of(diagnosis, "never-updated");
    ASSERT_TRUE(finding) << told(diagnosis);
    EXPECT_THAT(finding->layers, ElementsAre(layer));
    EXPECT_EQ(alarms(diagnosis), 1) << told(diagnosis);
    reestimate_statistics(network, small_data().train, {.batch_size = 50});
    EXPECT_EQ(alarms(diagnosed(network)), 0) << told(diagnosed(network));
    network.set_weight(layer + "/moving_mean", mean);
    network.set_weight(layer + "/moving_variance", variance);
  }
}

TEST(MovingStatistics, JoinsAllLayersThatWereNeverUpdated) {
  const auto trainer = trained(small_convnet(1.0));
  const Diagnosis diagnosis = diagnosed(trainer->network());
  const Finding* finding = finding_of(diagnosis, "never-updated");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_THAT(finding->layers, ElementsAre("norm_1", "norm_2", "norm_3"));
  EXPECT_EQ(finding->severity, Severity::error);
  EXPECT_EQ(diagnosis.cells.gap, FourCells::Gap::mode);
}

TEST(MovingStatistics, FindsTheLagAndItsShareFromTheStatisticsAlone) {
  const auto trainer = trained(small_convnet(0.99), 60);
  const Diagnosis diagnosis = diagnosed(trainer->network());
  const Finding* finding = finding_of(diagnosis, "lagging");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_EQ(finding->layers.front(), "norm_1");
  // 0.99^60 = 0.55 of the initial statistics are left.
  EXPECT_NEAR(finding->evidence[1].value, std::pow(0.99, 60), 0.1);
}

TEST(MovingStatistics, TakesTheRecordedNumberOfUpdatesForTheLag) {
  const auto trainer = trained(small_convnet(0.99), 60);
  const Diagnosis diagnosis = diagnosed(trainer->network(), {.updates = 60});
  const Finding* finding = finding_of(diagnosis, "lagging");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_DOUBLE_EQ(finding->evidence[1].value, std::pow(0.99, 60));
}

/// Between the initial statistics and those of the data: half of each, give or take from channel to channel.
void mix(Network& network, const StatisticsGap& gap, double give_or_take) {
  LayerStatistics mixed = gap.data;
  for (std::size_t c = 0; c < mixed.mean.size(); ++c) {
    const double share = 0.5 + (c % 2 ? -give_or_take : give_or_take);
    mixed.mean[c] *= 1 - share;
    mixed.variance[c] = share + (1 - share) * mixed.variance[c];
  }
  set_moving_statistics(network, {mixed});
}

TEST(MovingStatistics, NameTheMomentumThatTheUpdatesAreEnoughFor) {
  struct Expected {
    std::int64_t updates;
    std::string keras, pytorch;
  };
  for (const auto& [updates, keras, pytorch] :
       {Expected{35, "momentum=0.87)", "momentum=0.13)"}, {60, "momentum=0.926)", "momentum=0.074)"}}) {
    const auto trainer = trained(small_convnet(0.99), updates);
    const Diagnosis diagnosis = diagnosed(trainer->network(), {.updates = updates});
    const Finding* finding = finding_of(diagnosis, "lagging");
    ASSERT_TRUE(finding) << told(diagnosis);
    EXPECT_SAYS(finding->remedy.keras, keras);
    EXPECT_SAYS(finding->remedy.pytorch, pytorch);
    EXPECT_SAYS(finding->remedy.advice, "momentum 0.99 needs about 458 updates");
  }
}

TEST(MovingStatistics, ThatLagByTheRecordMayAlsoHoldThoseOfEarlierWeights) {
  for (const std::int64_t updates : {60, 100, 150}) {
    const auto trainer = trained(small_convnet(0.99), updates);
    const Diagnosis diagnosis = diagnosed(trainer->network(), {.updates = updates});
    EXPECT_TRUE(finding_of(diagnosis, "lagging")) << told(diagnosis);
    EXPECT_FALSE(finding_of(diagnosis, "stale-statistics")) << told(diagnosis);
  }
}

TEST(MovingStatistics, DoNotLagWhereALayerOfTheSameUpdatesDoesNot) {
  const auto trainer = trained(small_mlp());
  const std::vector<StatisticsGap> gaps = statistics_gap(trainer->network(), small_data().train);
  mix(trainer->network(), gaps[1], 0);
  const Diagnosis diagnosis = diagnosed(trainer->network());
  EXPECT_FALSE(finding_of(diagnosis, "lagging")) << told(diagnosis);
}

TEST(MovingStatistics, DoNotLagByTheRecordAlone) {
  const auto trainer = trained(small_convnet());
  change(trainer->network(), "conv_2/kernel", [](std::span<float> values) {
    for (float& v : values) v *= 1.8f;
  });
  // 0.9^20 = 0.12 would be a lag; these statistics are no mixture with 0 and 1.
  const Diagnosis diagnosis = diagnosed(trainer->network(), {.updates = 20});
  EXPECT_FALSE(finding_of(diagnosis, "lagging")) << told(diagnosis);
  EXPECT_TRUE(finding_of(diagnosis, "stale-statistics")) << told(diagnosis);
}

TEST(MovingStatistics, DoNotLagByAnotherShareThanTheRecords) {
  const auto trainer = trained(small_convnet(0.99), 60);
  const Diagnosis diagnosis = diagnosed(trainer->network(), {.updates = 250});
  EXPECT_FALSE(finding_of(diagnosis, "lagging")) << told(diagnosis);
}

TEST(MovingStatistics, DoNotLagWhereMomentumLetsNothingFollow) {
  const auto trainer = trained(small_convnet(0.99), 60);
  Network network(small_convnet(1.0), {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  for (const WeightInfo& weight : network.weights())
    network.set_weight(weight.name, trainer->network().weight(weight.name));
  for (const Records& records : {Records{}, Records{.updates = 40}}) {
    const Diagnosis diagnosis = diagnosed(network, records);
    EXPECT_FALSE(finding_of(diagnosis, "lagging")) << told(diagnosis);
    EXPECT_TRUE(finding_of(diagnosis, "stale-statistics")) << told(diagnosis);
  }
}

TEST(MovingStatistics, LagWithoutARecordOnlyWhereMostLayersDo) {
  const auto trainer = trained(small_convnet());
  for (const char* kernel : {"conv_2/kernel", "dense_1/kernel"})  // far from mean 0 and variance 1
    change(trainer->network(), kernel, [](auto values) {
      for (float& w : values) w *= 4;
    });
  const std::vector<StatisticsGap> gaps = statistics_gap(trainer->network(), small_data().train);
  mix(trainer->network(), gaps[0], 0.45);
  mix(trainer->network(), gaps[1], 0);
  mix(trainer->network(), gaps[2], 0);
  const Diagnosis most = diagnosed(trainer->network());
  ASSERT_TRUE(finding_of(most, "lagging")) << told(most);
  EXPECT_THAT(finding_of(most, "lagging")->layers, ElementsAre("norm_2", "norm_3")) << told(most);
  mix(trainer->network(), gaps[1], 0.45);
  const Diagnosis few = diagnosed(trainer->network());
  EXPECT_FALSE(finding_of(few, "lagging")) << told(few);
  EXPECT_TRUE(finding_of(few, "stale-statistics")) << told(few);
}

TEST(MovingStatistics, NamesAnInvertedMomentum) {
  const auto trainer = trained(small_convnet(0.01));
  const Diagnosis diagnosis = diagnosed(trainer->network());
  const Finding* finding = finding_of(diagnosis, "momentum-inverted");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_THAT(finding->layers, ElementsAre("norm_1", "norm_2", "norm_3"));
  EXPECT_GE(finding->severity, Severity::warning);
  EXPECT_SAYS(finding->remedy.keras, "momentum=0.99)");
  EXPECT_SAYS(finding->remedy.pytorch, "momentum=0.01)");
}

TEST(MovingStatistics, BlamesDropoutWhereTheyFitWithItOn) {
  const auto trainer = trained(small_convnet(0.9, 0.7));
  const Diagnosis diagnosis = diagnosed(trainer->network());
  const Finding* finding = finding_of(diagnosis, "variance-shift");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_THAT(finding->layers, ElementsAre("norm_3"));
  EXPECT_FALSE(finding_of(diagnosis, "stale-statistics"));
  EXPECT_THAT(finding->cause, HasSubstr("drop before them"));
  ASSERT_EQ(finding->evidence.size(), 4u);
  EXPECT_LT(finding->evidence[2].value, 0.8);
  EXPECT_NEAR(finding->evidence[2].value, finding->evidence[3].value, 0.05) << "measured, and by the closed form";
  EXPECT_THAT(finding->certainty.why, HasSubstr("closed form"));
}

TEST(MovingStatistics, CallsThemStaleWhereTheWeightsMovedOn) {
  const auto trainer = trained(small_convnet());
  change(trainer->network(), "conv_2/kernel", [](std::span<float> values) {
    for (float& v : values) v *= 1.8f;
  });
  const Diagnosis diagnosis = diagnosed(trainer->network());
  const Finding* finding = finding_of(diagnosis, "stale-statistics");
  ASSERT_TRUE(finding) << told(diagnosis);
  EXPECT_THAT(finding->layers, ElementsAre("norm_2"));
}

TEST(MovingStatistics, NeedSamplesAndSaySo) {
  const auto trainer = trained(small_convnet(0.99), 60);
  const Diagnosis diagnosis = diagnose(trainer->network(), {.data = small_data().test.range(0, 40)});
  EXPECT_FALSE(finding_of(diagnosis, "lagging"));
  EXPECT_EQ(unchecked_reason(diagnosis, "layer by layer"), "40 samples are too few, 50 are needed");
}

TEST(MovingStatistics, LagByTheRecordAloneWhereSamplesAreTooFew) {
  for (const Model& model : {Model(small_convnet(0.99)), Model(small_mlp(0.99))}) {
    const auto trainer = trained(model, 35);
    for (const Dataset& few : {small_data().test.range(0, 20), one_class(small_data().test, 3)}) {
      const Diagnosis d = diagnose(trainer->network(), {.data = few, .records = {.updates = 35}});
      const Finding* finding = finding_of(d, "lagging");
      ASSERT_TRUE(finding) << told(d);
      EXPECT_EQ(finding->certainty.level, Confidence::sure);
      EXPECT_NEAR(finding->evidence[0].value, std::pow(0.99, 35), 1e-9);
      const Diagnosis enough = diagnose(trainer->network(), {.data = few, .records = {.updates = 2000}});
      EXPECT_FALSE(finding_of(enough, "lagging")) << told(enough);
    }
  }
}

TEST(MovingStatistics, AreJudgedByAFewHundredSamplesWithLessCertainty) {
  for (const Model& model : {Model(small_convnet(0.99)), Model(small_mlp(0.99))}) {
    const auto trainer = trained(model, 35);
    const Dataset few = small_data().train.range(0, 200);
    const Diagnosis d =
        diagnose(trainer->network(), {.data = small_data().test, .train_data = few, .records = {.updates = 35}});
    const Finding* finding = finding_of(d, "lagging");
    ASSERT_TRUE(finding) << told(d);
    EXPECT_EQ(finding->severity, Severity::error);
    EXPECT_EQ(finding->certainty.level, Confidence::sure) << "far beyond ten standard errors";
  }
}

TEST(MovingStatistics, AreSilentOnSmallTrainingSets) {
  for (const std::int64_t samples : {60, 150, 400}) {
    const Dataset few = small_data().train.range(0, samples);
    for (const Model& model : {Model(small_convnet()), Model(small_mlp())}) {
      Trainer trainer(model, {.optimizer = Adam{.learning_rate = 1e-3}, .batch_size = 30, .compute = {.threads = 1}});
      trainer.fit(few, {.steps = 150});
      const Diagnosis d = diagnose(trainer.network(), {.data = small_data().test, .train_data = few});
      for (const Finding& f : d.findings)
        EXPECT_TRUE(f.severity == Severity::info || f.code == "overfitting" || f.code == "near-guessing") << told(d);
    }
  }
}

TEST(MovingStatistics, NeedNoSamplesWhereTheyWereNeverUpdatedOrMomentumIsInverted) {
  for (const auto& [momentum, code] : {std::pair{1.0, "never-updated"}, {0.01, "momentum-inverted"}}) {
    const auto trainer = trained(small_convnet(momentum), 20);
    const Diagnosis diagnosis = diagnose(trainer->network(), {.data = small_data().test.range(0, 40)});
    const Finding* finding = finding_of(diagnosis, code);
    ASSERT_TRUE(finding) << told(diagnosis);
    EXPECT_EQ(finding->severity, Severity::warning);
    EXPECT_THAT(finding->layers, ElementsAre("norm_1", "norm_2", "norm_3"));
    EXPECT_THAT(finding->certainty.why, HasSubstr("50 are needed"));
  }
}

TEST(MovingStatistics, AreNotJudgedByOneClass) {
  for (const Model& model : {Model(small_convnet()), Model(small_mlp())}) {
    const auto trainer = trained(model);
    const Dataset nines = one_class(small_data().train, 9);
    ASSERT_GE(nines.size(), 500);
    const Diagnosis diagnosis = diagnose(trainer->network(), {.data = nines});
    EXPECT_EQ(alarms(diagnosis), 0) << told(diagnosis);
    EXPECT_THAT(unchecked_reason(diagnosis, "layer by layer"), HasSubstr("are of one class"));
  }
}

TEST(MovingStatistics, AreJudgedByTrainingDataWhereOnlyTheOthersAreOfOneClass) {
  const auto trainer = trained(small_convnet());
  reset_statistics(trainer->network(), "norm_2");
  const Dataset nines = one_class(small_data().test, 9);
  const Diagnosis diagnosis = diagnose(trainer->network(), {.data = nines, .train_data = small_data().train});
  EXPECT_TRUE(finding_of(diagnosis, "never-updated")) << told(diagnosis);
  EXPECT_THAT(diagnosis.notes, ElementsAre(HasSubstr("scores are those of this class alone")));
}

TEST(MovingStatistics, AreNotStaleWhereTheMomentumIsInverted) {
  const auto trainer = trained(small_convnet(0.4, 0.7));
  const Diagnosis diagnosis = diagnosed(trainer->network());
  EXPECT_TRUE(finding_of(diagnosis, "momentum-inverted")) << told(diagnosis);
  EXPECT_FALSE(finding_of(diagnosis, "stale-statistics")) << told(diagnosis);
}

TEST(MovingStatistics, ThatAreTheMeanOfAllBatchesHaveNoMomentumToLagBy) {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 24},
            BatchNormalization{.cumulative_average = true, .name = "norm"}, Activation{relu}, Dense{.units = 10});
  for (const std::int64_t steps : {3, 120}) {
    const auto trainer = trained(model, steps);
    const Diagnosis d = diagnosed(trainer->network(), {.updates = static_cast<std::uint64_t>(steps), .batch_size = 50});
    for (const char* code : {"never-updated", "lagging", "momentum-inverted"})
      EXPECT_FALSE(finding_of(d, code)) << told(d);
  }
}

TEST(MovingStatistics, SayWhereThereIsNoNormalization) {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 10});
  const auto trainer = trained(model, 20);
  const Diagnosis diagnosis = diagnosed(trainer->network());
  ASSERT_FALSE(diagnosis.unchecked.empty());
  EXPECT_EQ(diagnosis.unchecked.front().second, "the model has no layer that keeps moving statistics");
}

}  // namespace
}  // namespace evenkeel
