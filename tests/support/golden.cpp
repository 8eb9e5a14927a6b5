#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "evenkeel/data/npz_dataset.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/train/settings.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {
namespace {

constexpr double kForwardTolerance = 1e-5, kAfterStepsTolerance = 1e-4;

std::filesystem::path golden_folder() { return std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests" / "golden"; }

class GoldenCase {
 public:
  GoldenCase(const std::string& name, bool fuse)
      : folder_(golden_folder() / name),
        file_(read_model_file(folder_ / "model.toml")),
        data_(load_npz_dataset(folder_ / "data.npz", {.inputs = {{"input", file_.model.input_shape()}}})),
        expected_(formats::decode_npz(formats::read_maybe_gzip(folder_ / "expected.npz.gz"), name)),
        options_(trainer_options(file_.training, 1)) {
    options_.compute.fuse = fuse;
  }

  void check_evaluation() {
    Trainer trainer(file_.model, options_);
    begin(trainer);
    const Predictions predictions = trainer.predict(data_);
    expect_near("outputs", predictions.outputs, kForwardTolerance);
    const Metrics metrics = trainer.evaluate(data_).metrics;
    expect_near("loss", metrics.loss);
    EXPECT_EQ(metrics.accuracy.has_value(), expected_.contains("accuracy"));
    if (metrics.accuracy) expect_near("accuracy", *metrics.accuracy);
    if (!expected_.contains("scores")) return;
    expect_near("scores", predictions.scores, kForwardTolerance);
    EXPECT_TRUE(std::ranges::equal(predictions.classes.as<std::int32_t>(), expected_["classes"].as<std::int32_t>()));
  }

  void check_training_forward() {
    if (!expected_.contains("outputs_train")) return;
    Trainer trainer(file_.model, options_);
    begin(trainer);
    const Predictions first = predict(trainer.network(), data_.range(0, options_.batch_size),
                                      {.batch_size = options_.batch_size, .mode = Mode::train});
    expect_near("outputs_train", first.outputs, kForwardTolerance);
  }

  void check_gradients() {
    Trainer trainer(file_.model, options_);
    begin(trainer);
    trainer.fit(data_, {.steps = 1, .shuffle = false});
    for (const auto& [name, expected] : expected_)
      if (name.starts_with("g:"))
        expect_near(name, trainer.network().store().gradients.get(name.substr(2) + "/gradient"), kForwardTolerance);
  }

  void check_after_steps() {
    if (!expected_.contains("outputs_after")) return;
    Trainer trainer(file_.model, options_);
    begin(trainer);
    const History history = trainer.fit(data_, {.epochs = 1, .shuffle = false});
    EXPECT_EQ(trainer.steps_done(), 5u);
    if (expected_.contains("train_loss")) expect_near("train_loss", history.epochs[0].train.loss);
    for (const WeightInfo& weight : trainer.network().weights())
      expect_near("w:" + weight.name, trainer.network().weight(weight.name), kAfterStepsTolerance);
    const AveragedWeights averaged(trainer.network());
    for (const auto& [name, expected] : expected_)
      if (name.starts_with("a:")) expect_near(name, trainer.network().weight(name.substr(2)), kAfterStepsTolerance);
    expect_near("outputs_after", trainer.predict(data_).outputs, kAfterStepsTolerance);
  }

 private:
  void begin(Trainer& trainer) {
    load_weights(folder_ / "initial.safetensors", trainer.network().weights(), trainer.network().store());
  }

  void expect_near(const std::string& name, TensorView actual, double tolerance) {
    ASSERT_TRUE(expected_.contains(name)) << name;
    const Tensor& expected = expected_[name];
    ASSERT_EQ(actual.shape, expected.shape()) << name;
    const auto a = actual.as<float>(), e = expected.as<float>();
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double off = double{a[i]} - double{e[i]};
      difference += off * off;
      norm += double{e[i]} * double{e[i]};
    }
    EXPECT_LE(std::sqrt(difference), tolerance * std::sqrt(norm)) << name;
  }

  void expect_near(const std::string& name, double actual) {
    const double expected = double{expected_.at(name).as<float>()[0]};
    EXPECT_NEAR(actual, expected, kForwardTolerance * std::abs(expected)) << name;
  }

  std::filesystem::path folder_;
  ModelFile file_;
  Dataset data_;
  std::map<std::string, Tensor> expected_;
  TrainerOptions options_;
};

}  // namespace

std::vector<std::string> golden_cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder()))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::string golden_optimizer(const std::string& name) {
  return read_model_file(golden_folder() / name / "model.toml").training.get<std::string>("optimizer").value_or("");
}

void check_golden(const std::string& name, bool fuse) {
  SCOPED_TRACE(name + (fuse ? ", fused" : ", not fused"));
  GoldenCase golden(name, fuse);
  golden.check_evaluation();
  golden.check_training_forward();
  golden.check_gradients();
  golden.check_after_steps();
}

}  // namespace evenkeel
