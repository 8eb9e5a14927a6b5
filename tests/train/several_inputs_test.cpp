#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>

#include "evenkeel/base/error.h"
#include "evenkeel/train/benchmark.h"
#include "evenkeel/train/implied_loss.h"
#include "evenkeel/train/run_arrays.h"
#include "evenkeel/train/settings.h"
#include "evenkeel/train/trainer.h"
#include "evenkeel/train/training_notes.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"
#include "tests/support/two_inputs_data.h"

namespace evenkeel {
namespace {

TrainerOptions options_with(std::vector<double> loss_weights) {
  return {.optimizer = Adam{.learning_rate = 0.02},
          .loss_weights = std::move(loss_weights),
          .batch_size = 30,
          .seed = 3,
          .compute = {.threads = 2}};
}

std::map<std::string, Tensor> arrays_of(const Dataset& data) {
  std::map<std::string, Tensor> arrays;
  for (std::size_t i = 0; i < data.inputs(); ++i) arrays[data.input_names()[i]] = Tensor::copy_of(data.input(i));
  return arrays;
}

std::vector<float> values_of(TensorView view) {
  const auto values = view.as<float>();
  return {values.begin(), values.end()};
}

/// Up to the rounding of sums in another order, of numbers near 1.
void expect_near(TensorView a, TensorView b) {
  ASSERT_EQ(a.shape, b.shape);
  for (std::size_t i = 0; i < a.as<float>().size(); ++i) EXPECT_NEAR(a.as<float>()[i], b.as<float>()[i], 1e-5) << i;
}

TEST(SeveralInputs, AreAllLearntFrom) {
  Trainer trainer(two_inputs_model(), options_with({}));
  trainer.fit(two_inputs_data(600), {.epochs = 6});
  EXPECT_GT(trainer.evaluate(two_inputs_data(300, 1)).metrics.accuracy.value(), 0.85);
}

TEST(SeveralOutputs, LearnIfTheyHaveALossWeight) {
  const Dataset data = two_inputs_data(300);
  const auto drawn = [&](Trainer& trainer) { return bytes_of(trainer.network().store().parameters); };
  const auto kernel = [](Trainer& trainer) { return values_of(trainer.network().weight("aux/kernel")); };
  const auto statistics = [](Trainer& trainer) { return values_of(trainer.network().weight("aux_norm/moving_mean")); };
  Trainer untrained(two_inputs_model(), options_with({})), weighted(two_inputs_model(), options_with({1, 0.3}));
  ASSERT_EQ(drawn(untrained), drawn(weighted));
  const std::vector<float> before = kernel(untrained), initial = statistics(untrained);
  untrained.fit(data);
  weighted.fit(data);
  EXPECT_EQ(kernel(untrained), before);
  EXPECT_EQ(statistics(untrained), initial);
  EXPECT_NE(kernel(weighted), before);
  EXPECT_NE(statistics(weighted), initial);
}

TEST(SeveralInputs, GiveTheSameBitsAfterAResumedRun) {
  const Dataset data = two_inputs_data(100);
  struct Saver {
    std::shared_ptr<std::optional<Checkpoint>> at_4;
    void on_settled(const Settled& e, Trainer& trainer) {
      if (e.step == 4) *at_4 = trainer.checkpoint();
    }
  };
  const auto saved = std::make_shared<std::optional<Checkpoint>>();
  Trainer whole(two_inputs_model(), options_with({1, 0.3})), resumed(two_inputs_model(), options_with({1, 0.3}));
  whole.fit(data, {.epochs = 3, .callbacks = {Saver{saved}}});
  ASSERT_TRUE(saved->has_value());
  Trainer other(two_inputs_model(), options_with({1, 0.5}));
  EXPECT_SAYS(error_of([&] { other.check(**saved, data, {.epochs = 3}); }), "loss_weights [1, 0.3] as before");
  resumed.restore(std::move(**saved));
  resumed.fit(data, {.epochs = 3});
  EXPECT_EQ(bytes_of(resumed.network().store().parameters), bytes_of(whole.network().store().parameters));
  EXPECT_EQ(bytes_of(resumed.network().store().state), bytes_of(whole.network().store().state));
}

TEST(SeveralOutputs, ArePredictedAsTheArraysOfARunAre) {
  const Dataset data = two_inputs_data(37);
  Trainer trainer(two_inputs_model(), options_with({}));
  const Predictions predicted = predict(trainer.network(), data, {.batch_size = 10});
  ASSERT_EQ(predicted.others.size(), 1u);
  EXPECT_EQ(predicted.others[0].first, "aux");
  const auto run = run_arrays(trainer.network(), arrays_of(data), Mode::evaluate);
  ASSERT_EQ(run.size(), 2u);
  EXPECT_EQ(run[0].first, "classes");
  // Batches of other sizes add in another order.
  expect_near(run[0].second, predicted.outputs);
  expect_near(run[1].second, predicted.others[0].second);
}

TEST(RunArrays, InTrainingModeUsesTheBatchAndChangesNothing) {
  const Dataset data = two_inputs_data(40);
  Trainer trainer(two_inputs_model(), options_with({}));
  const auto state = bytes_of(trainer.network().store().state);
  const auto evaluated = run_arrays(trainer.network(), arrays_of(data), Mode::evaluate);
  const auto trained = run_arrays(trainer.network(), arrays_of(data), Mode::train);
  EXPECT_NE(values_of(trained[1].second), values_of(evaluated[1].second));
  EXPECT_EQ(bytes_of(trainer.network().store().state), state);
}

TEST(RunArrays, TakesASingleArrayOfAnyNameForASingleInput) {
  Sequential model({2});
  model.add(Dense{.units = 3});
  Network network(model, {.compute = {.threads = 1}});
  std::map<std::string, Tensor> arrays;
  arrays["anything"] = Tensor({5, 2}, DType::uint8);
  EXPECT_EQ(run_arrays(network, arrays, Mode::evaluate).front().second.shape(), (Shape{5, 3}));
  arrays["y"] = Tensor({5}, DType::int64);
  EXPECT_EQ(error_of([&] { run_arrays(network, arrays, Mode::evaluate, "in.npz"); }),
            "in.npz: expected input [N, 2], received anything [5, 2], y [5].");
  arrays["input"] = Tensor({4, 2}, DType::float32);
  EXPECT_EQ(run_arrays(network, arrays, Mode::evaluate).front().second.shape(), (Shape{4, 3}));
}

TEST(RunArrays, SaysWhichArrayDoesNotFit) {
  Network network(two_inputs_model(), {.compute = {.threads = 1}});
  const auto refusal = [&](const std::string& name, Tensor array) {
    auto arrays = arrays_of(two_inputs_data(4));
    arrays[name] = std::move(array);
    return error_of([&] { run_arrays(network, arrays, Mode::evaluate, "in.npz"); });
  };
  EXPECT_SAYS(refusal("age", Tensor({3, 2}, DType::float32)), "in.npz: age: expected [4, 2], received [3, 2]");
  EXPECT_SAYS(refusal("image", Tensor({4, 3, 6, 6}, DType::float32)), "image: expected [N, 6, 6, 3]");
  EXPECT_SAYS(refusal("image", Tensor({0, 6, 6, 3}, DType::float32)), "at least one sample");
  EXPECT_SAYS(refusal("image", Tensor(Shape{}, DType::float32)), "at least one sample");
  Tensor fine({4, 2}, DType::float64);
  fine.as<double>()[5] = 0.1;
  EXPECT_SAYS(refusal("age", std::move(fine)), "age of values that float32 holds exactly");
}

TEST(SeveralInputs, AreAskedForByTheirNames) {
  Network network(two_inputs_model(), {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  const Dataset one({.name = "one",
                     .x = Tensor({4, 6, 6, 3}, DType::float32),
                     .y = Tensor({4}, DType::int32),
                     .class_names = {"a", "b"}});
  EXPECT_EQ(
      error_of([&] { network.check(one, true); }),
      "data \"one\": expected samples for the inputs image, age of the model \"two_inputs\", received samples for "
      "one input. An .npz file has them as arrays of these names, beside y.");
  Sequential plain({6, 6, 3});
  plain.add(Flatten{}, Dense{.units = 3});
  Network single(plain, {.compute = {.threads = 1}});
  EXPECT_SAYS(error_of([&] { single.check(two_inputs_data(4), false); }),
              "expected samples for one input, as the model \"model\" takes, received samples for image, age");
  EXPECT_SAYS(error_of([&] {
                const Dataset data = two_inputs_data(4);
                Dataset::Parts parts{.name = "wide", .x = Tensor::copy_of(data.x()), .y = {}, .class_names = {}};
                parts.more.emplace_back(Shape{4, 3}, DType::float32);
                parts.input_names = data.input_names();
                network.check(Dataset(std::move(parts)), false);
              }),
              "expected samples [N, 2] for the input \"age\"");
}

TEST(SeveralInputs, AreAllNeededInABatch) {
  Trainer trainer(two_inputs_model(), options_with({}));
  Batch batch = random_batch(trainer.network(), 6, Targets::labels);
  EXPECT_GT(trainer.step(batch).loss, 0);
  batch.more.clear();
  EXPECT_SAYS(error_of([&] { trainer.step(batch); }),
              "batch: expected 2 tensors, one per input of the model, received 1");
}

TEST(ImpliedLoss, IsThatOfTheMainOutput) {
  Model model({4});
  model.append(Dense{.units = 1, .activation = ActivationFunction::sigmoid, .name = "main"});
  model.append(Dense{.units = 5, .name = "other"}, {"input"});
  model.set_outputs({"main", "other"});
  const Dataset data(
      {.name = "binary", .x = Tensor({4, 4}, DType::float32), .y = Tensor({4}, DType::int32), .class_names = {}});
  EXPECT_EQ(implied_loss(model, data).name, "binary_crossentropy");
}

TEST(TrainingWarnings, NameOutputsThatAreNotTrained) {
  const Dataset data = two_inputs_data(60);
  const auto warnings = [&](std::vector<double> weights) {
    std::string all;
    for (const std::string& text : training_warnings(two_inputs_model(), options_with(std::move(weights)), data, {}))
      all += text + '\n';
    return all;
  };
  EXPECT_SAYS(warnings({}), "of the outputs, \"aux\" is not trained: loss_weights gives it no weight.");
  EXPECT_SAYS(warnings({1, 0}), "\"aux\" is not trained");
  EXPECT_EQ(warnings({1, 0.3}).find("not trained"), std::string::npos);
}

TEST(LossWeights, AreASetting) {
  const Settings settings =
      overridden({{"loss", "sparse_categorical_crossentropy"}, {"loss_weights", std::vector<double>{1, 0.3}}}, {});
  EXPECT_EQ(trainer_options(settings).loss_weights, (std::vector<double>{1, 0.3}));
  EXPECT_TRUE(training_settings(trainer_options(settings)).has("loss_weights"));
  EXPECT_FALSE(training_settings(TrainerOptions{}).has("loss_weights"));
  EXPECT_SAYS(error_of([] { overridden({{"loss_weights", std::vector<double>{1, -1}}}, {}); }), "loss_weights");
}

}  // namespace
}  // namespace evenkeel
