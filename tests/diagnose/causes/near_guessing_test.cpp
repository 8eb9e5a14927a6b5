#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

std::unique_ptr<Trainer> untrained(const Model& model) {
  return std::make_unique<Trainer>(model, TrainerOptions{.batch_size = 50, .compute = {.threads = 1}});
}

/// Numbers as targets: the mean of each image's pixels, of 1.
Dataset with_brightness(const Dataset& data) {
  Tensor y({data.size(), 1}, DType::float32);
  const auto pixels = data.x().as<std::uint8_t>();
  const std::size_t each = pixels.size() / static_cast<std::size_t>(data.size());
  for (std::size_t i = 0; i < pixels.size(); ++i)
    y.as<float>()[i / each] += static_cast<float>(pixels[i]) / 25.5f / static_cast<float>(each);
  return Dataset({.name = "brightness", .x = Tensor::copy_of(data.x()), .y = std::move(y), .class_names = {}});
}

Sequential without_normalization() {
  Sequential model({28, 28, 1}, "plain");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 30, .activation = relu},
            Dense{.units = 10, .name = "head"});
  return model;
}

std::vector<Sequential> three_models() { return {small_convnet(), small_mlp(), without_normalization()}; }

TEST(NearGuessing, IsAnErrorOfAnUntrainedNetwork) {
  for (const Sequential& model : three_models()) {
    const auto trainer = untrained(model);
    const auto findings = judged(near_guessing, trainer->network());
    ASSERT_EQ(summaries_of(findings), Summaries{"near-guessing error"}) << model.name();
    EXPECT_EQ(findings[0].certainty.level, Confidence::sure);
  }
}

TEST(NearGuessing, IsNoFindingOfAHealthyNetworkNorOfAWeakOne) {
  for (const Sequential& model : three_models())
    for (const std::int64_t steps : {120, 25}) {
      const auto trainer = trained(model, steps);
      Evidence evidence(trainer->network(), {.data = small_data().test, .train_data = small_data().train});
      // On statistics of the data: those that lag are another matter.
      reestimate_statistics(trainer->network(), small_data().train);
      EXPECT_EQ(summaries_of(judged(near_guessing, trainer->network())), Summaries())
          << model.name() << " after " << steps << " steps: accuracy " << evidence.full_data().accuracy()->value;
    }
}

TEST(NearGuessing, SaysThatStatisticsAreNotTheMainDefectWhereTrainingModeGuessesToo) {
  const auto trainer = untrained(small_convnet());
  change(trainer->network(), "norm_2/moving_mean", [](std::span<float> v) {
    for (float& m : v) m = 30;
  });
  const Diagnosis d = diagnosed(trainer->network());
  const Finding* found = finding_of(d, "near-guessing");
  ASSERT_TRUE(found) << told(d);
  EXPECT_EQ(found->severity, Severity::error);
  EXPECT_SAYS(found->cause, "statistics are not the main defect");
  EXPECT_SAYS(d.cells.verdict, "statistics are not the main defect");
  EXPECT_EQ(d.cells.gap, FourCells::Gap::guessing);
  for (const Finding& f : d.findings) {
    EXPECT_TRUE(f.code == "near-guessing" || f.severity < Severity::error) << told(d);
    EXPECT_TRUE(!f.outlook || !f.outlook->why_not.empty()) << f.code;
  }
}

TEST(NearGuessing, FollowsFromStatisticsWhereTrainingModeIsWell) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    for (const Normalization& n : normalizations(trainer->network().model()))
      change(trainer->network(), n.mean, [](std::span<float> v) {
        for (std::size_t i = 0; i < v.size(); ++i) v[i] += i % 2 == 0 ? 20 : -20;
      });
    const Diagnosis d = diagnosed(trainer->network());
    const Finding* found = finding_of(d, "near-guessing");
    ASSERT_TRUE(found) << told(d);
    EXPECT_EQ(found->consequence_of, "stale-statistics") << told(d);
    EXPECT_EQ(d.cells.gap, FourCells::Gap::mode);
  }
}

TEST(NearGuessing, ComparesARegressionWithTheMean) {
  Sequential model({28, 28, 1}, "brightness");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 16, .activation = relu},
            Dense{.units = 1, .name = "head"});
  const Dataset train = with_brightness(small_data().train), test = with_brightness(small_data().test);
  Trainer trainer(model, {.loss = MeanSquaredError{},
                          .optimizer = Adam{.learning_rate = 1e-3},
                          .batch_size = 50,
                          .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged_on(near_guessing, trainer.network(), {.data = test})),
            Summaries{"near-guessing error"});
  trainer.fit(train, {.steps = 120});
  EXPECT_EQ(summaries_of(judged_on(near_guessing, trainer.network(), {.data = test})), Summaries());
}

TEST(NearGuessing, WarnsOfScoresThatAreFarTooSure) {
  const auto trainer = trained(small_mlp(), 30);
  change(trainer->network(), "head/kernel", [](std::span<float> v) {
    for (float& w : v) w *= 40;
  });
  const auto findings = judged(near_guessing, trainer->network());
  ASSERT_EQ(summaries_of(findings), Summaries{"near-guessing warning"});
  EXPECT_SAYS(findings[0].cause, "far too sure");
}

TEST(FourCells, SayThatANetworkDoesNotWorkInsteadOfThatThereIsNoGap) {
  const Diagnosis d = diagnosed(untrained(without_normalization())->network());
  EXPECT_EQ(d.cells.gap, FourCells::Gap::guessing);
  EXPECT_SAYS(d.cells.verdict, "does not work");
}

}  // namespace
}  // namespace evenkeel
