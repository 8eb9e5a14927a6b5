#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <optional>
#include <stop_token>

#include "evenkeel/base/error.h"
#include "evenkeel/data/patches.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/train/settings.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"

// Training in bfloat16 against training in float32. Forced, so that it runs, slowly, on any machine.

namespace evenkeel {
namespace {

using namespace activations;

TrainerOptions options_in(Precision precision) {
  return {.loss = SoftmaxCrossEntropy{},
          .optimizer = Adam{.learning_rate = 3e-3},
          .batch_size = 50,
          .seed = 3,
          .compute = {.threads = 2, .precision = precision, .force_precision = true}};
}

/// As the placement study's: normalization before the activation, pooling, dropout.
Sequential placement_like() {
  Sequential model({32, 32, 3});
  model.add(Rescaling{.scale = 1 / 64.0, .offset = -2});
  for (const int filters : {8, 16}) {
    model.add(Conv2D{.filters = filters, .padding = Padding::same, .use_bias = false},
              BatchNormalization{.momentum = 0.8}, Activation{elu}, MaxPooling2D{.padding = Padding::same});
  }
  model.add(Dropout{.rate = 0.3}, Flatten{}, Dense{.units = 64, .activation = elu}, Dense{.units = 10});
  return model;
}

/// As the speedup study's: normalization before convolutions, strides, wide dense layers.
Sequential speedup_like() {
  Sequential model({32, 32, 3});
  model.add(Rescaling{.scale = 1 / 255.0});
  for (const int filters : {6, 10})
    model.add(BatchNormalization{.momentum = 0.8}, Conv2D{.filters = filters, .strides = 2, .activation = relu});
  model.add(Flatten{}, BatchNormalization{.momentum = 0.8}, Dense{.units = 150, .activation = relu},
            BatchNormalization{.momentum = 0.8}, Dense{.units = 10});
  return model;
}

/// As the depth study's: many small convolutions, each normalized, on images that shrink to a pixel.
Sequential depth_like() {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1 / 255.0});
  for (int i = 1; i <= 9; ++i)
    model.add(Conv2D{.filters = 4 * i, .strides = i % 2 == 0 ? 2 : 1, .padding = Padding::same, .use_bias = false},
              BatchNormalization{.momentum = 0.8}, Activation{relu});
  model.add(Flatten{}, Dense{.units = 50, .activation = relu}, Dense{.units = 10});
  return model;
}

struct Outcome {
  std::vector<double> losses;  ///< by step
  double accuracy = 0;         ///< on the samples it learned
};

struct LossRecorder {
  std::shared_ptr<std::vector<double>> losses;
  void on_step(const StepEnd& e) { losses->push_back(e.batch.loss); }
};

/// After 20 epochs: even a small set is learned then.
Outcome trained(const Model& model, Precision precision, const Dataset& data) {
  const auto losses = std::make_shared<std::vector<double>>();
  Trainer trainer(model, options_in(precision));
  trainer.fit(data, {.epochs = 20, .callbacks = {LossRecorder{losses}}});
  return {*losses, trainer.evaluate(data).metrics.accuracy.value_or(0)};
}

void expect_to_learn_alike(const Model& model, const Dataset& data) {
  const Outcome exact = trained(model, Precision::float32, data), narrow = trained(model, Precision::bfloat16, data);
  const double p = exact.accuracy;
  EXPECT_GT(p, 0.5);  // chance is 0.1
  // Of two networks of this accuracy on so many samples: three standard errors of the difference, and one sample.
  const double n = static_cast<double>(data.size());
  EXPECT_NEAR(narrow.accuracy, p, 3 * std::sqrt(2 * p * (1 - p) / n) + 1 / n);
  // The first step's logits are off by 2^-8 for each of some 30 values in bfloat16 on the way; so is their loss, whose
  // slope in each logit is at most 1.
  EXPECT_NEAR(narrow.losses[0], exact.losses[0], 30 * 0x1p-8 * exact.losses[0]);
}

TEST(Bfloat16Training, LearnsAsFloat32WithNormalizationPoolingAndDropout) {
  expect_to_learn_alike(placement_like(), make_patches(false, 200));
}

TEST(Bfloat16Training, LearnsAsFloat32WithStridesAndWideLayers) {
  expect_to_learn_alike(speedup_like(), make_patches(false, 200));
}

TEST(Bfloat16Training, LearnsAsFloat32InADeepNetwork) { expect_to_learn_alike(depth_like(), make_strokes(false, 200)); }

std::vector<std::byte> weights_after(const Dataset& data, std::int64_t steps, std::optional<Checkpoint> from) {
  Trainer trainer(placement_like(), options_in(Precision::bfloat16));
  if (from) trainer.restore(std::move(*from));
  trainer.fit(data, {.steps = steps});
  return bytes_of(trainer.network().store().parameters);
}

/// The checkpoint of a run of eight steps that was interrupted after four.
Checkpoint interrupted(const Dataset& data) {
  struct Stopper {
    std::stop_source stop;
    std::shared_ptr<std::optional<Checkpoint>> kept;
    void on_step(const StepEnd& e) {
      if (e.step == 4) stop.request_stop();
    }
    void on_settled(const Settled& settled, Trainer& trainer) const {
      if (settled.last) *kept = trainer.checkpoint();
    }
  };
  Trainer trainer(placement_like(), options_in(Precision::bfloat16));
  const Stopper stopper{.stop = {}, .kept = std::make_shared<std::optional<Checkpoint>>()};
  trainer.fit(data, {.steps = 8, .callbacks = {stopper}, .stop = stopper.stop.get_token()});
  return std::move(stopper.kept->value());
}

TEST(Bfloat16Checkpoint, ResumesToTheBitsOfAnUninterruptedRun) {
  const Dataset data = make_patches(false, 200);
  EXPECT_EQ(weights_after(data, 8, interrupted(data)), weights_after(data, 8, {}));
}

TEST(Bfloat16Checkpoint, IsRefusedInAnotherPrecision) {
  Trainer trainer(placement_like(), options_in(Precision::float32));
  EXPECT_SAYS(error_of([&] { trainer.restore(interrupted(make_patches(false, 200))); }),
              "precision bfloat16 as before");
}

TEST(Bfloat16Network, OfAMachineWithoutItIsRefused) {
  EXPECT_SAYS(error_of([] {
                Network(placement_like(),
                        {.compute = {.precision = Precision::bfloat16, .machine = {.cpu = "An old processor"}}});
              }),
              "--precision float32");
}

TEST(Bfloat16Network, ForcedOnAMachineWithoutItTrains) {
  Network network(
      placement_like(),
      {.loss = SoftmaxCrossEntropy{},
       .optimizer = Adam{},
       .compute = {.precision = Precision::bfloat16, .force_precision = true, .machine = {.cpu = "An old processor"}}});
  Network::Runner& runner = network.runner(20, Targets::labels, Network::Use::training);
  Batches batches(make_patches(false, 20), {.batch_size = 20});
  network.run(runner, batches.next(), network.context(Mode::train));
  for (const float loss : runner.read(runner.compiled.loss).as<float>()) EXPECT_TRUE(std::isfinite(loss));
}

TEST(Bfloat16Network, UsesWeightsThatWereSet) {
  Sequential model({2});
  model.add(Dense{.units = 1, .use_bias = false});
  Network network(model, {.compute = {.precision = Precision::bfloat16, .force_precision = true}});
  const std::vector<float> x{1, 1};
  const Dataset ones({.name = "ones", .x = Tensor::of<float>({1, 2}, x), .y = Tensor(), .class_names = {}});
  for (const float weight : {1.0f, 2.0f}) {
    const std::vector<float> kernel(2, weight);
    network.set_weight("dense/kernel", Tensor::of<float>({2, 1}, kernel));
    EXPECT_EQ(predict(network, ones).outputs.as<float>()[0], 2 * weight);
  }
}

TEST(Bfloat16Settings, AreATrainingKey) {
  EXPECT_EQ(trainer_options({{"loss", "categorical_crossentropy"}, {"precision", "bfloat16"}}).compute.precision,
            Precision::bfloat16);
  EXPECT_EQ(training_settings(options_in(Precision::bfloat16)).get<Precision>("precision"), Precision::bfloat16);
}

}  // namespace
}  // namespace evenkeel
