#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

/// Makes it never answer one class.
void lose(Network& network, std::size_t label) {
  change(network, "head/bias", [&](std::span<float> v) { v[label] = -50; });
}

TEST(LostClasses, NamesTheClassThatIsNeverAnswered) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    lose(trainer->network(), 4);
    const auto findings = judged(lost_classes, trainer->network());
    ASSERT_EQ(summaries_of(findings), Summaries{"lost-classes warning head"}) << model.name();
    EXPECT_SAYS(findings[0].cause, "no sample of class 4");
    EXPECT_EQ(findings[0].evidence[1].value, 0) << "how often it is the answer";
  }
}

TEST(LostClasses, AreNotThoseOfAHealthyNetworkNorOfAWeakOne) {
  for (const Sequential& model : small_models())
    for (const std::int64_t steps : {120, 40})
      EXPECT_EQ(summaries_of(judged(lost_classes, trained(model, steps)->network())), Summaries()) << model.name();
}

TEST(LostClasses, AreExplainedByAWeightThatLetsThemCountForNothing) {
  std::vector<double> weights(10, 1.0);
  weights[4] = 0;
  for (const Sequential& model : small_models()) {
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3},
                            .class_weight = weights,
                            .batch_size = 50,
                            .compute = {.threads = 1}});
    trainer.fit(small_data().train, {.steps = 150});
    const auto findings = judged(lost_classes, trainer.network(), {.class_weight = weights});
    ASSERT_EQ(summaries_of(findings), Summaries{"lost-classes warning head"}) << model.name();
    EXPECT_SAYS(findings[0].cause, "class_weight gives class 4 hardly any weight");
    EXPECT_EQ(findings[0].evidence.back().value, 0);
    const auto unknown = judged(lost_classes, trainer.network());
    ASSERT_EQ(unknown.size(), 1);
    EXPECT_EQ(unknown[0].cause.find("class_weight"), std::string::npos);
  }
}

TEST(LostClasses, LeaveANetworkThatGuessesToThatFinding) {
  Trainer trainer(small_mlp(), {.batch_size = 50, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(lost_classes, trainer.network())), Summaries());
}

TEST(LostClasses, AreGoodToKnowWhereTrainingHadFewOfThem) {
  const auto trainer = trained(small_mlp());
  lose(trainer->network(), 4);
  std::vector<std::uint32_t> rows;
  const auto labels = small_data().train.y().as<std::int32_t>();
  std::int64_t fours = 0;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != 4 || ++fours <= 20) rows.push_back(static_cast<std::uint32_t>(i));
  const Dataset few = selected(small_data().train, rows, "few fours");
  EXPECT_EQ(summaries_of(judged_on(lost_classes, trainer->network(),
                                   {.data = small_data().test, .train_data = few, .samples = 0})),
            Summaries{"lost-classes info head"});
}

}  // namespace
}  // namespace evenkeel
