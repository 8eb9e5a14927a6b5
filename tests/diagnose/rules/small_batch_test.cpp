#include "tests/diagnose/rules/judged.h"

namespace evenkeel {
namespace {

TEST(SmallBatch, NamesABatchThatIsTooSmallAndItsNormalizations) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    const auto findings = judged(small_batch, trainer->network(), {.batch_size = 2});
    ASSERT_EQ(findings.size(), 1U) << model.name();
    EXPECT_EQ(findings[0].code, "small-batch");
    EXPECT_EQ(findings[0].severity, Severity::warning);
    EXPECT_EQ(findings[0].layers.front(), "norm_1");
    EXPECT_SAYS(findings[0].cause, "batches of 2 ");
    EXPECT_GT(findings[0].cost->relative_loss, 0.25);
  }
}

TEST(SmallBatch, HasNothingAgainstTheBatchOfAHealthyNetwork) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    EXPECT_EQ(summaries_of(judged(small_batch, trainer->network(), {.batch_size = 50})), Summaries()) << model.name();
  }
}

TEST(SmallBatch, SaysNothingWhereNoBatchSizeIsKnown) {
  const auto trainer = trained(small_convnet());
  EXPECT_EQ(summaries_of(judged(small_batch, trainer->network())), Summaries());
}

TEST(BatchDependence, SaysHowManyAnswersHangOnTheirBatch) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    const auto findings = judged(batch_dependence, trainer->network(), {.batch_size = 4});
    ASSERT_EQ(summaries_of(findings), Summaries{"batch-dependence info"}) << model.name();
    EXPECT_GT(findings[0].evidence[0].value, 5) << "percent of the samples";
    EXPECT_GT(findings[0].cost->loss.value, 0);
  }
}

TEST(BatchDependence, IsSilentWhereBatchesHardlyMatter) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    EXPECT_EQ(summaries_of(judged(batch_dependence, trainer->network(), {.batch_size = 500})), Summaries())
        << model.name();
  }
}

}  // namespace
}  // namespace evenkeel
