#include "tests/diagnose/causes/judged.h"

// What rules say that read the record of training.

namespace evenkeel {
namespace {

Dataset sorted_by_class(const Dataset& data) {
  const auto labels = data.y().as<std::int32_t>();
  std::vector<std::uint32_t> rows(labels.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  std::ranges::stable_sort(rows, {}, [&](std::uint32_t row) { return labels[row]; });
  return selected(data, rows, "sorted");
}

TEST(Unshuffled, IsSortedDataInTheirOrder) {
  const Dataset sorted = sorted_by_class(small_data().train);
  for (const Sequential& model : small_models()) {
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
    trainer.fit(sorted, {.epochs = 1, .shuffle = false});
    for (const std::int64_t batch : {1, 50}) {
      const auto findings = judged_on(
          unshuffled, trainer.network(),
          {.data = small_data().test, .train_data = sorted, .records = {.batch_size = batch, .shuffled = false}});
      ASSERT_EQ(findings.size(), 1U) << model.name();
      EXPECT_GE(findings[0].severity, Severity::warning);
      EXPECT_GT(findings[0].evidence[0].value, 0.9);
    }
  }
}

TEST(Unshuffled, IsNotDataInARandomOrderAndNotShuffledData) {
  const auto trainer = trained(small_mlp(), 5);
  const auto judge = [&](const Dataset& train, const Records& records) {
    return summaries_of(judged_on(unshuffled, trainer->network(),
                                  {.data = small_data().test, .train_data = train, .records = records}));
  };
  const Dataset sorted = sorted_by_class(small_data().train);
  EXPECT_EQ(judge(small_data().train, {.batch_size = 50, .shuffled = false}), Summaries());
  EXPECT_EQ(judge(sorted, {.batch_size = 50, .shuffled = true}), Summaries());
  EXPECT_EQ(judge(sorted, {.batch_size = 50}), Summaries()) << "nothing is known";
  EXPECT_EQ(judge(sorted, {.batch_size = 2000, .shuffled = false}), Summaries()) << "a batch has most classes";
}

/// A network whose weights are the averages that the optimizer kept, and the weights themselves.
struct BriefAverages {
  BriefAverages(const Model& model, double momentum, std::int64_t steps)
      : trainer(model, {.optimizer = Adam{.learning_rate = 2e-3, .ema_momentum = momentum},
                        .batch_size = 50,
                        .compute = {.threads = 1}}),
        averages(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}}) {
    trainer.fit(small_data().train, {.steps = steps});
    auto raw = std::make_shared<NamedTensors>();
    for (const WeightInfo& weight : averages.weights())
      raw->emplace_back(weight.name, Tensor::copy_of(trainer.network().weight(weight.name)));
    const AveragedWeights in(trainer.network());
    for (const WeightInfo& weight : averages.weights())
      averages.set_weight(weight.name, trainer.network().weight(weight.name));
    records = {.updates = static_cast<std::uint64_t>(steps), .ema_momentum = momentum, .raw_weights = raw};
  }
  Trainer trainer;
  Network averages;
  Records records;
};

TEST(AveragedTooBriefly, IsAnAverageThatIsStillItsFirstWeights) {
  for (const Sequential& model : small_models()) {
    BriefAverages brief(model, 0.999, 120);
    const auto findings = judged(averaged_too_briefly, brief.averages, brief.records);
    ASSERT_EQ(summaries_of(findings), Summaries{"averaged-too-briefly error"}) << model.name();
    EXPECT_NEAR(findings[0].evidence[0].value, std::pow(0.999, 119), 1e-9);
    EXPECT_GT(findings[0].cost->loss.value, 0);
    // From the record alone.
    Records alone = brief.records;
    alone.raw_weights = nullptr;
    EXPECT_EQ(summaries_of(judged(averaged_too_briefly, brief.averages, alone)),
              Summaries{"averaged-too-briefly warning"});
  }
}

TEST(AveragedTooBriefly, IsNotAnAverageOfEnoughUpdates) {
  for (const Sequential& model : small_models()) {
    BriefAverages enough(model, 0.9, 120);
    EXPECT_EQ(summaries_of(judged(averaged_too_briefly, enough.averages, enough.records)), Summaries());
    enough.records.ema_momentum.reset();
    EXPECT_EQ(summaries_of(judged(averaged_too_briefly, enough.averages, enough.records)), Summaries());
  }
}

TEST(FrozenStatistics, AreComparedWithThoseThatTrainingStartedFrom) {
  Sequential model({28, 28, 1}, "frozen");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .activation = ActivationFunction::elu},
            BatchNormalization{.momentum = 0.9, .trainable = false, .name = "norm"}, Dense{.units = 10});
  const auto trainer = trained(model);
  Records records{.earlier_statistics = moving_statistics(trainer->network()),
                  .are_initial_statistics = true,
                  .initial_weights = "old.safetensors"};
  EXPECT_EQ(summaries_of(judged(frozen_but_moving, trainer->network(), records)), Summaries());
  trainer->fit(small_data().train, {.steps = 20});
  const auto findings = judged(frozen_but_moving, trainer->network(), records);
  ASSERT_EQ(summaries_of(findings), Summaries{"frozen-statistics info norm"});
  EXPECT_SAYS(findings[0].evidence[0].what, "the weights that training started from");
  records.earlier_statistics.clear();
  Evidence evidence(trainer->network(), {.data = small_data().test, .records = records});
  EXPECT_SAYS(unmet(Need::checkpoint, evidence), "old.safetensors");
}

}  // namespace
}  // namespace evenkeel
