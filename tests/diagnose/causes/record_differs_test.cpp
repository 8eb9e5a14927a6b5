#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

Records recorded(double loss, double accuracy) {
  Records records;
  records.validation_scores = {
      .fingerprint = small_data().test.fingerprint(), .loss = {2.2, loss}, .accuracy = {0.2, accuracy}};
  return records;
}

/// What metrics.csv has of a network.
Records record_of(Network& network) {
  Evidence evidence(network, {.data = small_data().test, .samples = 0});
  return recorded(evidence.evaluation().mean_loss().value, evidence.evaluation().accuracy()->value);
}

TEST(RecordDiffers, IsAnErrorWhereTheWeightsDoFarWorse) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    const Records records = record_of(trainer->network());
    change(trainer->network(), "head/kernel", [](std::span<float> v) { std::ranges::reverse(v); });
    const auto findings = judged(record_differs, trainer->network(), records);
    ASSERT_EQ(summaries_of(findings), Summaries{"record-differs error"}) << model.name();
    EXPECT_EQ(findings[0].certainty.level, Confidence::sure);
  }
}

TEST(RecordDiffers, ComparesTrainingDataInTheBetterMode) {
  const auto trainer = trained(small_convnet());
  Evidence evidence(trainer->network(), {.data = small_data().train});
  Records records;
  records.training_scores = {.fingerprint = small_data().train.fingerprint(),
                             .loss = {evidence.evaluation().mean_loss().value},
                             .accuracy = {evidence.evaluation().accuracy()->value}};
  EXPECT_EQ(summaries_of(judged(record_differs, trainer->network(), records)), Summaries());
  // Statistics alone are no other weights.
  change(trainer->network(), "norm_1/moving_mean", [](std::span<float> v) {
    for (float& m : v) m += 5;
  });
  EXPECT_EQ(summaries_of(judged(record_differs, trainer->network(), records)), Summaries());
  change(trainer->network(), "conv_2/kernel", [](std::span<float> v) { std::ranges::reverse(v); });
  EXPECT_EQ(summaries_of(judged(record_differs, trainer->network(), records)), Summaries{"record-differs error"});
}

TEST(RecordDiffers, IsSilentWhereTheRecordHolds) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    EXPECT_EQ(summaries_of(judged(record_differs, trainer->network(), record_of(trainer->network()))), Summaries());
  }
}

TEST(RecordDiffers, IsSilentOfOtherData) {
  const auto trainer = trained(small_mlp());
  Records records = recorded(0.001, 1);
  records.validation_scores.fingerprint = "01234567";
  EXPECT_EQ(summaries_of(judged(record_differs, trainer->network(), records)), Summaries());
}

}  // namespace
}  // namespace evenkeel
