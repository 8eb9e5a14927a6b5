#include <cmath>

#include "evenkeel/diagnose/measure/input_mismatch.h"

#include "evenkeel/base/philox.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

InputHypothesis scaled(double scale, double offset) {
  return {.name = "planted", .correction = {}, .scale = {scale}, .offset = {offset}};
}

Diagnosis diagnosed_alone(Network& network, const Dataset& data) { return diagnose(network, {.data = data}); }

/// Both architectures with normalization, trained on bytes.
std::vector<std::unique_ptr<Trainer>> normalized_networks() {
  std::vector<std::unique_ptr<Trainer>> all;
  all.push_back(trained(small_convnet()));
  all.push_back(trained(small_mlp()));
  return all;
}

/// No normalization at all: loss and accuracy must tell.
Sequential plain_convnet() {
  Sequential model({28, 28, 1}, "plain");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .activation = relu},
            Conv2D{.filters = 12, .strides = 2, .activation = relu}, Flatten{}, Dense{.units = 32, .activation = relu},
            Dense{.units = 10});
  return model;
}

/// What the data must undergo, by the doctor; its whole report where it finds nothing of the kind.
std::string correction_found(const Diagnosis& d) {
  const Finding* f = finding_of(d, "input-mismatch");
  return f ? f->cause : "nothing: " + told(d);
}

struct Planted {
  const char* what;
  InputHypothesis change;
  const char* correction;
};

const std::vector<Planted>& plants() {
  static const std::vector<Planted> all = {
      {"[0, 1] for [0, 255]", scaled(1 / 255.0, 0), "multiplied by 255"},
      {"[-1, 1] for [0, 255]", scaled(1 / 127.5, -1), "from [-1, 1] to [0, 255]"},
      {"standardized for [0, 255]", scaled(1 / 70.0, -0.6), "spread from 0 to 255"},
      {"inverted", scaled(-1, 255), "subtracted from 255"},
      {"transposed", {.name = "planted", .correction = {}, .transpose = true}, "height and width exchanged"}};
  return all;
}

TEST(InputMismatch, IsNamedWithItsCorrectionInNetworksWithNormalization) {
  for (const auto& trainer : normalized_networks())
    for (const Planted& planted : plants())
      EXPECT_SAYS(correction_found(diagnosed_alone(trainer->network(), corrected(small_data().test, planted.change))),
                  planted.correction)
          << trainer->network().model().name() << ", " << planted.what;
}

TEST(InputMismatch, IsNamedWithoutNormalization) {
  const auto trainer = trained(plain_convnet());
  for (const Planted& planted : plants())
    EXPECT_SAYS(correction_found(diagnosed_alone(trainer->network(), corrected(small_data().test, planted.change))),
                planted.correction)
        << planted.what;
}

TEST(InputMismatch, IsAnErrorThatTellsWhatItCosts) {
  const auto trainer = trained(small_convnet());
  const Diagnosis d = diagnosed_alone(trainer->network(), corrected(small_data().test, scaled(1 / 255.0, 0)));
  const Finding* f = finding_of(d, "input-mismatch");
  ASSERT_NE(f, nullptr) << told(d);
  EXPECT_EQ(f->severity, Severity::error);
  EXPECT_TRUE(f->cost && f->cost->loss.above_zero_by(3));
  EXPECT_SAYS(f->cause, "Rescaling with scale = 255");
}

TEST(InputMismatch, TakesTheStatisticsThatFollowFromItUnderIt) {
  const auto trainer = trained(small_convnet());
  const Diagnosis d = diagnosed_alone(trainer->network(), corrected(small_data().test, scaled(1 / 255.0, 0)));
  int statistics = 0;
  for (const Finding& f : d.findings)
    if (f.code == "stale-statistics" || f.code == "lagging" || f.code == "variance-shift") {
      EXPECT_EQ(f.consequence_of, "input-mismatch") << f.code;
      EXPECT_EQ(f.severity, Severity::info) << f.code;
      ++statistics;
    }
  EXPECT_GT(statistics, 0) << told(d);
}

TEST(InputMismatch, IsFoundWhereDivisionBy255WasForgotten) {
  Sequential model({28, 28, 1}, "unit");
  model.add(Flatten{}, Dense{.units = 48, .use_bias = false, .name = "hidden"},
            BatchNormalization{.momentum = 0.9, .name = "norm"}, Activation{relu}, Dense{.units = 10});
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  trainer.fit(corrected(small_data().train, scaled(1 / 255.0, 0)), {.steps = 120});
  EXPECT_SAYS(correction_found(diagnosed_alone(trainer.network(), small_data().test)), "divided by 255");
}

TEST(InputMismatch, IsNamedAsWhatItIsThoughTheTrainingDataTellMoments) {
  const auto trainer = trained(small_mlp());
  for (const Planted& plant : {plants()[0], plants()[1]}) {
    const Diagnosis d = diagnose(
        trainer->network(), {.data = corrected(small_data().test, plant.change), .train_data = small_data().train});
    EXPECT_SAYS(correction_found(d), plant.correction);
  }
}

TEST(InputMismatch, IsFoundWhereStandardizingWasForgotten) {
  Sequential model({28, 28, 1}, "standardized");
  model.add(Conv2D{.filters = 8, .strides = 2, .use_bias = false}, BatchNormalization{.momentum = 0.9},
            Activation{relu}, Flatten{}, Dense{.units = 10});
  const LayerStatistics moments = channel_moments(small_data().train);
  const double deviation = std::sqrt(moments.variance[0]);
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  trainer.fit(corrected(small_data().train, scaled(1 / deviation, -moments.mean[0] / deviation)), {.steps = 120});
  EXPECT_SAYS(correction_found(diagnosed_alone(trainer.network(), small_data().test)), "standardized");
}

/// Red, green, yellow and magenta, with noise: what is blue or cyan was never seen.
Dataset colours(std::int64_t n, std::uint32_t index) {
  RandomStream stream({.seed = 5, .purpose = Purpose::study, .index = index});
  Dataset::Parts parts{.name = "colours",
                       .x = Tensor({n, 6, 6, 3}, DType::uint8),
                       .y = Tensor({n}, DType::int32),
                       .class_names = {"red", "green", "yellow", "magenta"}};
  const double bright[4][3] = {{1, 0, 0}, {0, 1, 0}, {1, 1, 0}, {1, 0, 1}};
  for (std::int64_t i = 0; i < n; ++i) {
    const auto label = static_cast<std::int32_t>(i % 4);
    parts.y.as<std::int32_t>()[static_cast<std::size_t>(i)] = label;
    for (std::int64_t p = 0; p < 108; ++p)
      parts.x.as<std::uint8_t>()[static_cast<std::size_t>(i * 108 + p)] =
          static_cast<std::uint8_t>(std::clamp(80 + 60 * bright[label][p % 3] + 50 * stream.normal(), 0.0, 255.0));
  }
  return Dataset(std::move(parts));
}

TEST(InputMismatch, KnowsBgrFromRgb) {
  Sequential model({6, 6, 3}, "colours");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .use_bias = false}, BatchNormalization{.momentum = 0.9},
            Activation{relu}, Flatten{}, Dense{.units = 4});
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  trainer.fit(colours(3000, 0), {.steps = 150});
  const Dataset test = colours(1000, 1);
  EXPECT_EQ(finding_of(diagnosed_alone(trainer.network(), test), "input-mismatch"), nullptr);
  const Dataset reversed = corrected(test, {.name = "planted", .correction = {}, .reverse_channels = true});
  EXPECT_SAYS(correction_found(diagnosed_alone(trainer.network(), reversed)), "channels in reverse order");
  // Brought to the moments of the training data they look right as well; only that does not help.
  EXPECT_SAYS(correction_found(diagnose(trainer.network(), {.data = reversed, .train_data = colours(1000, 2)})),
              "channels in reverse order");
}

/// [H, W, C] bytes moved down by some rows, the last ones coming in at the top: nothing that is tried undoes it.
Dataset rolled(const Dataset& data, std::int64_t rows) {
  Tensor x = Tensor::copy_of(data.x());
  const Tensor from = Tensor::copy_of(data.x());
  const std::int64_t size = data.sample_shape().size(), shift = rows * size / data.sample_shape()[0];
  for (std::int64_t i = 0; i < data.size(); ++i)
    for (std::int64_t p = 0; p < size; ++p)
      x.as<std::uint8_t>()[static_cast<std::size_t>(i * size + (p + shift) % size)] =
          from.as<std::uint8_t>()[static_cast<std::size_t>(i * size + p)];
  return Dataset({.name = data.name(), .x = std::move(x), .y = Tensor::copy_of(data.y()), .class_names = {}});
}

TEST(InputMismatch, OfTwoStepsNamesBoth) {
  std::vector<std::unique_ptr<Trainer>> networks = normalized_networks();
  networks.push_back(trained(plain_convnet()));
  for (const auto& trainer : networks) {
    for (const Planted& first : {plants()[0], plants()[1], plants()[3]}) {
      const Dataset data = corrected(corrected(small_data().test, first.change), plants()[4].change);
      const std::string found =
          correction_found(diagnose(trainer->network(), {.data = data, .train_data = small_data().train}));
      EXPECT_SAYS(found, first.correction) << trainer->network().model().name();
      EXPECT_SAYS(found, plants()[4].correction) << trainer->network().model().name();
      EXPECT_SAYS(found, "they fit when");
    }
  }
}

TEST(InputMismatch, OfOrderAndScaleNamesBoth) {
  for (const bool normalized : {true, false}) {
    Sequential model({6, 6, 3}, "colours");
    model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .use_bias = !normalized});
    if (normalized) model.add(BatchNormalization{.momentum = 0.9});
    model.add(Activation{relu}, Flatten{}, Dense{.units = 4});
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
    trainer.fit(colours(3000, 0), {.steps = 150});
    const Dataset test =
        corrected(colours(1000, 1),
                  {.name = "planted", .correction = {}, .scale = {1 / 255.0}, .offset = {0}, .reverse_channels = true});
    const std::string found = correction_found(diagnosed_alone(trainer.network(), test));
    EXPECT_SAYS(found, "multiplied by 255") << normalized;
    EXPECT_SAYS(found, "channels in reverse order") << normalized;
  }
}

TEST(InputMismatch, PrefersTwoNamedStepsToScalesThatFitAnything) {
  // In reddish light a factor per channel undoes the order of the channels as well.
  const InputHypothesis light{.name = {}, .correction = {}, .scale = {1, 0.7, 0.5}, .offset = {0, 0, 0}};
  const Dataset train = corrected(colours(3000, 0), light);
  for (const bool deep : {false, true}) {
    Sequential model({6, 6, 3}, "colours");
    model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .use_bias = false},
              BatchNormalization{.momentum = 0.9}, Activation{relu});
    if (deep) model.add(Conv2D{.filters = 8, .use_bias = false}, BatchNormalization{.momentum = 0.9}, Activation{relu});
    model.add(Flatten{}, Dense{.units = 4});
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
    trainer.fit(train, {.steps = 150});
    const Dataset test =
        corrected(corrected(colours(1000, 1), light),
                  {.name = "planted", .correction = {}, .scale = {1 / 255.0}, .offset = {0}, .reverse_channels = true});
    const std::string found = correction_found(diagnose(trainer.network(), {.data = test, .train_data = train}));
    EXPECT_SAYS(found, "multiplied by 255") << deep;
    EXPECT_SAYS(found, "channels in reverse order") << deep;
  }
}

TEST(InputMismatch, ThatIsNotAllSaysSo) {
  for (const auto& trainer : normalized_networks()) {
    const Dataset data = corrected(rolled(small_data().test, 9), scaled(255, 0));
    const Diagnosis d = diagnose(trainer->network(), {.data = data, .train_data = small_data().train});
    const Finding* f = finding_of(d, "input-mismatch");
    ASSERT_NE(f, nullptr) << told(d);
    EXPECT_SAYS(f->cause, "not fully explained");
    EXPECT_SAYS(f->cause, "they come nearer when");
    EXPECT_NE(f->certainty.level, Confidence::sure);
    EXPECT_FALSE(f->certainty.unseen.empty());
  }
}

TEST(InputMismatch, ExplainsRawPixelsThoughStatisticsLagAsWell) {
  for (const bool convolutions : {true, false}) {
    Sequential model({28, 28, 1}, "unit");
    if (convolutions) model.add(Conv2D{.filters = 8, .strides = 2, .use_bias = false});
    if (!convolutions) model.add(Flatten{}, Dense{.units = 48, .use_bias = false});
    model.add(BatchNormalization{.momentum = 0.98}, Activation{relu});
    if (convolutions) model.add(Flatten{});
    model.add(Dense{.units = 32, .use_bias = false}, BatchNormalization{.momentum = 0.98}, Activation{relu},
              Dense{.units = 10});
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 4e-3}, .batch_size = 50, .compute = {.threads = 1}});
    trainer.fit(corrected(small_data().train, scaled(1 / 255.0, 0)), {.steps = 120});
    // Where statistics lag, standardizing suits them as well as the right range does.
    const Diagnosis d = diagnosed_alone(trainer.network(), small_data().test);
    EXPECT_NE(finding_of(d, "input-mismatch"), nullptr) << told(d);
  }
}

TEST(InputMismatch, IsSilentWhereValidationIsMerelyHarder) {
  for (const Sequential& model : {small_convnet(), small_mlp(), plain_convnet()}) {
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
    const Dataset few = small_data().train.range(0, 600);
    trainer.fit(few, {.epochs = 40});
    const Diagnosis d = diagnose(trainer.network(), {.data = rolled(small_data().test, 2), .train_data = few});
    EXPECT_EQ(finding_of(d, "input-mismatch"), nullptr) << model.name() << ": " << told(d);
    EXPECT_EQ(finding_of(d, "weight-layout"), nullptr) << model.name() << ": " << told(d);
  }
}

TEST(InputMismatch, IsSilentOnHealthyNetworks) {
  std::vector<std::unique_ptr<Trainer>> networks = normalized_networks();
  networks.push_back(trained(plain_convnet()));
  networks.push_back(trained(small_convnet(0.9, 0.3), 30, 2));  // hardly trained
  for (const auto& trainer : networks) {
    const Diagnosis d = diagnosed(trainer->network());
    EXPECT_EQ(finding_of(d, "input-mismatch"), nullptr) << trainer->network().model().name() << ": " << told(d);
  }
}

TEST(InputMismatch, IsNotWhatStatisticsThatLagLookLike) {
  // Normalization first of all: standardized data would suit statistics that are still 0 and 1.
  Sequential model({28, 28, 1}, "first");
  model.add(Rescaling{.scale = 1 / 255.0}, BatchNormalization{.name = "norm_0"}, Flatten{},
            Dense{.units = 48, .use_bias = false}, BatchNormalization{.name = "norm_1"}, Activation{relu},
            Dense{.units = 10});
  for (const std::int64_t steps : {10, 30}) {
    const auto trainer = trained(model, steps);
    const Diagnosis d = diagnosed(trainer->network(), {.updates = static_cast<std::uint64_t>(steps)});
    EXPECT_EQ(finding_of(d, "input-mismatch"), nullptr) << told(d);
  }
}

TEST(InputMismatch, IsAnswerableByItself) {
  const auto trainer = trained(small_mlp());
  EXPECT_FALSE(check_input(trainer->network(), small_data().test).mismatches);
  EXPECT_EQ(check_input(trainer->network(), small_data().test).unchecked, "");
  EXPECT_TRUE(check_input(trainer->network(), corrected(small_data().test, scaled(1 / 255.0, 0))).mismatches);
}

TEST(InputMismatch, IsNotAnsweredWhereNothingCanTell) {
  const auto trainer = trained(small_mlp());
  const Dataset& test = small_data().test;
  const Dataset unlabelled({.name = "x", .x = Tensor::copy_of(test.x()), .y = {}, .class_names = {}});
  EXPECT_SAYS(check_input(trainer->network(), test.range(0, 40)).unchecked, "too few, 50 are needed");
  EXPECT_SAYS(check_input(trainer->network(), one_class(small_data().train, 9)).unchecked, "of one class");
  EXPECT_SAYS(check_input(trainer->network(), unlabelled).unchecked, "no labels or targets");
  const auto initial = trained(small_mlp(1.0));
  EXPECT_SAYS(check_input(initial->network(), test).unchecked, "initial values");
  EXPECT_SAYS(unchecked_reason(diagnosed(initial->network()), "by trying corrections"), "initial values");
}

}  // namespace
}  // namespace evenkeel
