#include <cmath>

#include "evenkeel/diagnose/repair.h"
#include "tests/diagnose/causes/judged.h"

// A repair is promised with what it brings, and only where it helps.

namespace evenkeel {
namespace {

void shift_means(Network& network, const std::string& layer, float by) {
  change(network, layer + "/moving_mean", [&](std::span<float> v) {
    for (std::size_t i = 0; i < v.size(); ++i) v[i] += i % 2 == 0 ? by : -by;
  });
}

TEST(Outlook, IsWhatTheRepairThenGives) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    shift_means(trainer->network(), "norm_2", 4);
    const Diagnosis d = diagnosed(trainer->network());
    const Finding* found = finding_of(d, "stale-statistics");
    ASSERT_TRUE(found && found->outlook) << told(d);
    EXPECT_EQ(found->outlook->why_not, "");
    const Repaired repaired =
        repair(trainer->network(), small_data().train, {.fix = found->code, .validation = &small_data().test});
    EXPECT_EQ(repaired.no_help, "");
    EXPECT_NEAR(*repaired.scores->after.accuracy, found->outlook->accuracy_after->value, 0.02) << model.name();
    EXPECT_NEAR(repaired.scores->after.loss, found->outlook->loss_after.value, 0.05) << model.name();
  }
}

TEST(Outlook, PromisesNothingOfANetworkThatGuessesAndTheRepairDoesNotHelp) {
  for (const Sequential& model : small_models()) {
    Trainer trainer(model, {.batch_size = 50, .compute = {.threads = 1}});
    shift_means(trainer.network(), "norm_2", 20);
    const Diagnosis d = diagnosed(trainer.network());
    for (const Finding& f : d.findings) {
      if (f.outlook) {
        EXPECT_SAYS(f.outlook->why_not, "no better than guessing");
      }
    }
    const Repaired repaired =
        repair(trainer.network(), small_data().train, {.fix = "re-estimate", .validation = &small_data().test});
    EXPECT_SAYS(repaired.no_help, "no better than guessing");
    // After the repair the doctor still says what is wrong.
    const Diagnosis after = diagnosed(*repaired.network);
    const Finding* found = finding_of(after, "near-guessing");
    ASSERT_TRUE(found) << told(after);
    EXPECT_EQ(found->severity, Severity::error);
  }
}

TEST(Outlook, PromisesNothingThatMakesItWorse) {
  // Statistics of the data's own are worse where the network learnt with others: here, those of twice the pixels.
  const auto trainer = trained(small_mlp());
  const Dataset& test = small_data().test;
  const Repaired repaired = repair(trainer->network(), test.range(0, 60), {.fix = "re-estimate", .validation = &test});
  EXPECT_FALSE(repaired.no_help.empty()) << repaired.scores->before.loss << " -> " << repaired.scores->after.loss;
}

TEST(Outlook, TriesTheRemovalOfWhatIsNotFinite) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    change(trainer->network(), "norm_2/gamma", [](std::span<float> v) { v[3] = NAN; });
    const Diagnosis d = diagnosed(trainer->network());
    const Finding* found = finding_of(d, "not-finite");
    ASSERT_TRUE(found && found->outlook) << told(d);
    EXPECT_EQ(found->outlook->why_not, "");
    EXPECT_FALSE(std::isfinite(found->outlook->loss.value));
    EXPECT_GT(found->outlook->accuracy_after->value, 0.5) << model.name();
  }
}

TEST(Outlook, LeavesOutputsAsTheyAreWhereTheRepairIsExact) {
  Sequential model({28, 28, 1}, "biased");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 24, .name = "biased"},
            BatchNormalization{.momentum = 0.9}, Activation{relu}, Dense{.units = 10});
  const Diagnosis d = diagnosed(trained(model)->network());
  const Finding* found = finding_of(d, "redundant-bias");
  ASSERT_TRUE(found && found->outlook);
  EXPECT_EQ(found->outlook->loss.value, found->outlook->loss_after.value);
  EXPECT_EQ(found->outlook->why_not, "");
}

}  // namespace
}  // namespace evenkeel
