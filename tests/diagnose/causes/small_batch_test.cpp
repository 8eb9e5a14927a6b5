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

TEST(SmallBatch, AsksForABatchThatIsLargeEnoughByWhatThisOneCosts) {
  const auto trainer = trained(small_convnet());
  for (const std::int64_t size : {4, 8}) {
    const auto findings = judged(small_batch, trainer->network(), {.batch_size = size});
    if (findings.empty()) continue;
    const double enough = static_cast<double>(size) * findings[0].cost->relative_loss / 0.05;
    std::int64_t power = 1;
    while (static_cast<double>(power) < enough) power *= 2;
    const std::string expected = "batch_size=" + std::to_string(power) + ')';
    if (power <= 1024)
      EXPECT_SAYS(findings[0].remedy.keras, expected);
    else
      EXPECT_EQ(findings[0].remedy.keras, "");
  }
}

TEST(SmallBatch, IsSureOfABatchOfOneAfterADenseLayer) {
  for (const Sequential& model : small_models()) {
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 1, .compute = {.threads = 1}});
    trainer.fit(small_data().train.range(0, 300), {.epochs = 1});
    const Diagnosis d = diagnosed(trainer.network(), {.updates = 300, .batch_size = 1});
    const Finding* found = finding_of(d, "small-batch");
    ASSERT_TRUE(found) << told(d);
    EXPECT_EQ(found->certainty.level, Confidence::sure);
    EXPECT_EQ(found->layers.back(), normalizations(model).back().name);
    EXPECT_EQ(std::ranges::count(found->layers, "norm_1"), model.name() == "small_mlp" ? 1 : 0) << "has positions";
    for (const Finding& f : d.findings) EXPECT_TRUE(!f.outlook || !f.outlook->why_not.empty()) << f.code;
    for (const Finding& f : d.findings)
      if (f.code == "stale-statistics") {
        EXPECT_FALSE(std::ranges::includes(found->layers, f.layers) && f.consequence_of.empty()) << told(d);
      }
  }
}

TEST(SmallBatch, HasNothingAgainstABatchOfOneThatIsRenormalized) {
  Sequential model({28, 28, 1}, "renormalized");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 20}, BatchRenormalization{.momentum = 0.9},
            Activation{relu}, Dense{.units = 10});
  Trainer trainer(model, {.batch_size = 1, .compute = {.threads = 1}});
  trainer.fit(small_data().train, {.steps = 60});
  EXPECT_EQ(summaries_of(judged(normalization_of_one_value, trainer.network(), {.updates = 60, .batch_size = 1})),
            Summaries());
}

TEST(SmallBatch, ComparesBatchesAndDataOfOneSet) {
  // Data of half the classes have other statistics than all: that is no fault of the batch.
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    std::vector<std::uint32_t> rows;
    const auto labels = small_data().test.y().as<std::int32_t>();
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (labels[i] < 3) rows.push_back(static_cast<std::uint32_t>(i));
    const Dataset some = selected(small_data().test, rows, "some classes");
    EXPECT_EQ(summaries_of(judged_on(small_batch, trainer->network(),
                                     {.data = some, .train_data = small_data().train, .records = {.batch_size = 50}})),
              Summaries())
        << model.name();
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

TEST(EvaluationByBatch, NamesTheLayersWithoutMovingStatisticsAndMeasuresASampleAlone) {
  for (const bool convolves : {true, false}) {
    Sequential model({28, 28, 1}, convolves ? "convolves" : "dense");
    model.add(Rescaling{.scale = 1 / 255.0});
    if (convolves)
      model.add(Conv2D{.filters = 8, .strides = 2}, BatchNormalization{.moving_statistics = false, .name = "of_images"},
                Activation{relu});
    model.add(Flatten{}, Dense{.units = 24}, BatchNormalization{.moving_statistics = false, .name = "of_features"},
              Activation{relu}, Dense{.units = 10});
    const auto trainer = trained(model);
    const auto findings = judged(evaluation_by_batch, trainer->network(), {.batch_size = 50});
    ASSERT_EQ(summaries_of(findings), Summaries{convolves ? "evaluation-by-batch warning of_images of_features"
                                                          : "evaluation-by-batch warning of_features"});
    EXPECT_GT(findings[0].evidence[0].value, 0);
    EXPECT_GT(findings[0].cost->loss.value, 0.5) << "alone, the features are all beta";
    const Diagnosis d = diagnosed(trainer->network(), {.updates = 120, .batch_size = 50});
    EXPECT_TRUE(finding_of(d, "evaluation-by-batch")) << told(d);
    for (const Finding& f : d.findings) EXPECT_TRUE(f.code != "never-updated" && f.code != "lagging") << told(d);
  }
}

TEST(EvaluationByBatch, HasNothingToSayOfMovingStatistics) {
  const auto trainer = trained(small_mlp());
  EXPECT_EQ(summaries_of(judged(evaluation_by_batch, trainer->network(), {.batch_size = 50})), Summaries());
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
