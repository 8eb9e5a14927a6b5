#include "evenkeel/diagnose/expectation.h"

#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "evenkeel/train/evaluate.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

/// What another program may have done with the same weights.
struct Expected : testing::Test {
  static Network& network() {
    static const auto trainer = trained(small_convnet(0.9, 0.3));
    return trainer->network();
  }
  static Dataset data() { return small_data().test.range(0, 300); }
  static Predictions predicted(const Dataset& samples, const EvaluateOptions& options = {}) {
    return predict(network(), samples, options);
  }
  static EvaluateOptions in_mode(Statistics statistics, bool dropout, std::int64_t batch_size) {
    const std::vector<LayerMode> modes(static_cast<std::size_t>(network().model().layers()),
                                       {.statistics = statistics, .update_statistics = false, .dropout = dropout});
    return {.batch_size = batch_size, .layer_modes = modes};
  }
  static Expectation explained(TensorView outputs, const std::vector<std::int64_t>& batch_sizes = {}) {
    return explain_difference(network(), data(), outputs, batch_sizes);
  }
};

Tensor with_columns(const Tensor& outputs, const std::vector<std::size_t>& order) {
  Tensor result = outputs.clone();
  const std::size_t k = order.size();
  for (std::size_t i = 0; i < result.as<float>().size(); ++i)
    result.as<float>()[i] = outputs.as<float>()[i / k * k + order[i % k]];
  return result;
}

TEST_F(Expected, OutputsThatAreTheSameAreEqual) {
  const Expectation e = explained(predicted(data()).outputs);
  EXPECT_TRUE(e.equal) << e.difference;
  EXPECT_EQ(e.samples, 300);
}

TEST_F(Expected, OutputsOfBatchStatisticsAreNamedWithTheirBatchSize) {
  const Expectation e = explained(predicted(data(), in_mode(Statistics::batch, false, 50)).outputs, {50});
  EXPECT_FALSE(e.equal);
  EXPECT_SAYS(e.explanation, "batch statistics, in batches of 50");
  EXPECT_LT(e.remaining, 1e-3);
  EXPECT_GT(e.difference, 1e-2);
}

TEST_F(Expected, OutputsOfDataPreparedOtherwiseAreNamedWithThePreparation) {
  const Dataset unit = corrected(data(), {.name = "planted", .correction = {}, .scale = {1 / 255.0}, .offset = {0}});
  EXPECT_SAYS(explained(predicted(unit).outputs).explanation, "divided by 255");
}

TEST_F(Expected, OutputsInAnotherOrderAreNamedWithIt) {
  const Tensor outputs = with_columns(predicted(data()).outputs, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  EXPECT_SAYS(explained(outputs).explanation, "another order: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]");
}

TEST_F(Expected, ScoresInPlaceOfLogitsAreKnown) {
  EXPECT_SAYS(explained(predicted(data()).scores).explanation, "softmax of the outputs");
}

TEST_F(Expected, LogitsInPlaceOfScoresAreKnown) {
  Sequential model = small_mlp();
  model.add(Activation{softmax});
  const auto trainer = trained(model);
  const Dataset samples = data();
  Network bare(small_mlp(), {.loss = SoftmaxCrossEntropy{}});
  for (const WeightInfo& weight : bare.weights()) bare.set_weight(weight.name, trainer->network().weight(weight.name));
  const Expectation e = explain_difference(trainer->network(), samples, predict(bare, samples).outputs);
  EXPECT_SAYS(e.explanation, "they are logits");
}

TEST_F(Expected, DropoutThatWasOnIsLikely) {
  EvaluateOptions options = in_mode(Statistics::moving, true, 300);
  const Expectation e = explained(predicted(data(), options).outputs);
  EXPECT_FALSE(e.equal);
  EXPECT_SAYS(e.explanation, "dropout");
}

TEST_F(Expected, OutputsOfOtherWeightsAreNotExplained) {
  const auto other = trained(small_convnet(0.9, 0.3), 60, 9);
  const Expectation e = explained(predict(other->network(), data()).outputs);
  EXPECT_SAYS(e.explanation, "nothing that was tried explains it");
  EXPECT_EQ(e.remaining, e.difference);
}

TEST_F(Expected, OutputsForAnotherNumberOfSamplesAreRefused) {
  const Tensor outputs({299, 10}, DType::float32);
  EXPECT_SAYS(error_of([&] { explained(outputs); }), "[300, 10]");
}

}  // namespace
}  // namespace evenkeel
