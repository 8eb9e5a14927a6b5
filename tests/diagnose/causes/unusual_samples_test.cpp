#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

/// Values in [0, 1], and of every 200th sample in [0, 255].
Dataset with_unprepared(const Dataset& data) {
  const Dataset unit = corrected(data, {.name = {}, .correction = {}, .scale = {1 / 255.0}, .offset = {0}});
  Tensor x = Tensor::copy_of(unit.x());
  const auto size = static_cast<std::size_t>(data.sample_shape().size());
  for (std::size_t i = 17; i < static_cast<std::size_t>(data.size()); i += 200)
    for (float& v : x.as<float>().subspan(i * size, size)) v *= 255;
  return Dataset({.name = "unprepared", .x = std::move(x), .y = Tensor::copy_of(data.y()), .class_names = {}});
}
Dataset prepared(const Dataset& data) {
  return corrected(data, {.name = {}, .correction = {}, .scale = {1 / 255.0}, .offset = {0}});
}

/// The first layer reads values as they are.
std::vector<Sequential> models() {
  Sequential convnet({28, 28, 1}, "convnet"), mlp({28, 28, 1}, "mlp"), first({28, 28, 1}, "first");
  convnet.add(Conv2D{.filters = 8, .strides = 2, .use_bias = false}, BatchNormalization{.momentum = 0.9},
              Activation{relu}, Flatten{}, Dense{.units = 10});
  mlp.add(Flatten{}, Dense{.units = 48, .use_bias = false}, BatchNormalization{.momentum = 0.9}, Activation{relu},
          Dense{.units = 10});
  first.add(BatchNormalization{.momentum = 0.9}, Flatten{}, Dense{.units = 48, .activation = relu}, Dense{.units = 10});
  return {convnet, mlp, first};
}

TEST(UnusualSamples, AreNamedAndValidationIsNotBlamed) {
  const Dataset train = with_unprepared(small_data().train);
  for (const Sequential& model : models()) {
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
    trainer.fit(train, {.steps = 120});
    const Diagnosis d = diagnose(trainer.network(), {.data = prepared(small_data().test), .train_data = train});
    const Finding* f = finding_of(d, "unusual-samples");
    ASSERT_NE(f, nullptr) << model.name() << ": " << told(d);
    EXPECT_SAYS(f->cause, "30 of 6,000 samples");
    EXPECT_SAYS(f->cause, "17, 217");
    EXPECT_EQ(finding_of(d, "input-mismatch"), nullptr) << model.name() << ": " << told(d);
    for (const Finding& other : d.findings)
      if (other.code == "stale-statistics" || other.code == "lagging") {
        EXPECT_EQ(other.consequence_of, "unusual-samples");
      }
  }
}

TEST(UnusualSamples, AreNotFoundWhereAllAreAlike) {
  const auto trainer = trained(small_convnet());
  EXPECT_EQ(finding_of(diagnosed(trainer->network()), "unusual-samples"), nullptr);
}

TEST(UnusualSamples, OfTheEvaluatedDataAreAWarning) {
  const Sequential model = models().front();
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  trainer.fit(prepared(small_data().train), {.steps = 120});
  const Diagnosis d = diagnose(
      trainer.network(), {.data = with_unprepared(small_data().test), .train_data = prepared(small_data().train)});
  const Finding* f = finding_of(d, "unusual-samples");
  ASSERT_NE(f, nullptr) << told(d);
  EXPECT_EQ(f->severity, Severity::warning);
  EXPECT_SAYS(f->cause, "in the evaluated data, 5 of 1,000 samples");
}

}  // namespace
}  // namespace evenkeel
