#include "evenkeel/train/evaluate.h"
#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

using namespace activations;

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
    EXPECT_SAYS(findings[0].cause, "right or wrong by its batch for ");
  }
}

TEST(BatchDependence, TellsTheDeviationWhereThereIsNoAccuracy) {
  Sequential model({3}, "line");
  model.add(Dense{.units = 8, .name = "hidden"}, BatchNormalization{}, Activation{relu}, Dense{.units = 1});
  Network network(model, {.loss = MeanSquaredError{}, .compute = {.threads = 1}});
  const Dataset x = normal_data(600, {3});
  Tensor y({600, 1}, DType::float32);
  for (std::size_t i = 0; i < 600; ++i) y.as<float>()[i] = x.x().as<float>()[3 * i];
  const Dataset data({.name = "line", .x = Tensor::copy_of(x.x()), .y = std::move(y), .class_names = {}});
  reestimate_statistics(network, data);
  // As after training: what the network yields with these statistics is what it should.
  const Tensor outputs = predict(network, data).outputs;
  Tensor exact({600, 1}, DType::float32);
  std::ranges::copy(outputs.as<float>(), exact.as<float>().begin());
  const Dataset fitted({.name = "line", .x = Tensor::copy_of(x.x()), .y = std::move(exact), .class_names = {}});
  const auto findings = judged_on(batch_dependence, network, {.data = fitted, .records = {.batch_size = 4}});
  ASSERT_EQ(summaries_of(findings), Summaries{"batch-dependence info"});
  EXPECT_SAYS(findings[0].cause, "have a sample's loss deviate by ");
  EXPECT_EQ(findings[0].evidence.size(), 1U);
}

TEST(SmallBatch, IsNotJudgedByOneClass) {
  const auto trainer = trained(small_convnet());
  const Dataset nines = one_class(small_data().train, 9);
  for (const auto rule : {small_batch, batch_dependence})
    EXPECT_EQ(summaries_of(judged_on(rule, trainer->network(),
                                     {.data = nines, .train_data = small_data().train, .records = {.batch_size = 50}})),
              Summaries());
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
