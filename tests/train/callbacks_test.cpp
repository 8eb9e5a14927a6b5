#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/train/callbacks/early_stopping.h"
#include "evenkeel/train/callbacks/model_checkpoint.h"
#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"
#include "evenkeel/train/callbacks/terminate_on_nan.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {
namespace {

using namespace activations;

namespace fs = std::filesystem;
using Json = nlohmann::json;

Sequential one_weight() {
  Sequential model({1});
  model.add(Dense{.units = 1, .use_bias = false});
  return model;
}

EpochRecord record_of(std::int64_t epoch, const std::string& monitor, double value) {
  EpochRecord record{.epoch = epoch, .train = {}, .validation = Metrics{}};
  if (monitor == "val_loss")
    record.validation->loss = value;
  else
    record.validation->accuracy = value;
  return record;
}

/// The cases that tools/golden/callbacks.py wrote, of one callback.
std::vector<Json> cases_of(const std::string& callback) {
  std::ifstream file(fs::path(EVENKEEL_SOURCE_DIR) / "tests/golden/callbacks.json");
  const Json all = Json::parse(file);
  std::vector<Json> cases;
  for (Json json : all.at("cases")) {
    if (json.at("callback") != callback) continue;
    json["values"] = all.at("sequences").at(json.at("sequence"));
    cases.push_back(std::move(json));
  }
  return cases;
}

/// A trainer without a fit, for callbacks that are called by hand.
struct Driver {
  Trainer trainer{one_weight(), {.loss = MeanSquaredError{}, .optimizer = SGD{.learning_rate = 0.1}}};

  void set_weight(double value) {
    const std::vector<float> values = {static_cast<float>(value)};
    trainer.network().set_weight("dense/kernel", Tensor::of<float>({1, 1}, values));
  }
  double weight() { return static_cast<double>(trainer.network().weight("dense/kernel").as<float>()[0]); }
};

TEST(EarlyStopping, DecidesAsKerasDoes) {
  const auto cases = cases_of("early_stopping");
  ASSERT_GT(cases.size(), 50u);
  const Tensor x({1, 1}, DType::float32), y({1, 1}, DType::float32);
  const Dataset data({.name = "one", .x = x.clone(), .y = y.clone(), .class_names = {}});
  for (const Json& json : cases) {
    const Json& o = json.at("options");
    EarlyStoppingOptions options{.monitor = json.at("monitor"),
                                 .min_delta = o.value("min_delta", 0.0),
                                 .patience = o.value("patience", std::int64_t{0}),
                                 .restore_best_weights = o.value("restore_best_weights", false),
                                 .start_from_epoch = o.value("start_from_epoch", std::int64_t{0})};
    if (o.contains("baseline")) options.baseline = o["baseline"].get<double>();
    EarlyStopping callback(options);
    Trainer trainer(one_weight(),
                    {.loss = MeanSquaredError{}, .optimizer = SGD{.learning_rate = 1e-9}, .batch_size = 1});
    std::int64_t epochs = 0;
    // The epoch's number is its weight: which weights are kept is seen at the end.
    struct Probe {
      const Json* json;
      EarlyStopping* callback;
      std::int64_t* epochs;
      void on_epoch(const EpochRecord&, Trainer& t) {
        ++*epochs;
        const std::vector<float> weight = {static_cast<float>(*epochs)};
        t.network().set_weight("dense/kernel", Tensor::of<float>({1, 1}, weight));
        const double value = json->at("values")[static_cast<std::size_t>(*epochs - 1)];
        callback->on_epoch(record_of(*epochs, json->at("monitor"), value), t);
      }
      void on_end(History& history, Trainer& t) { callback->on_end(history, t); }
    };
    trainer.fit(data, {.epochs = static_cast<std::int64_t>(json.at("values").size()),
                       .callbacks = {Probe{&json, &callback, &epochs}}});
    EXPECT_EQ(epochs, json.at("keras").at("epochs")) << json;
    EXPECT_EQ(static_cast<double>(trainer.network().weight("dense/kernel").as<float>()[0]),
              json.at("keras").at("weight").get<double>())
        << json;
  }
}

TEST(ReduceLROnPlateau, DecidesAsKerasDoes) {
  const auto cases = cases_of("reduce_lr_on_plateau");
  ASSERT_GT(cases.size(), 50u);
  for (const Json& json : cases) {
    const Json& o = json.at("options");
    ReduceLROnPlateau callback({.monitor = json.at("monitor"),
                                .factor = o.value("factor", 0.1),
                                .patience = o.value("patience", std::int64_t{10}),
                                .min_delta = o.value("min_delta", 1e-4),
                                .cooldown = o.value("cooldown", std::int64_t{0}),
                                .min_lr = o.value("min_lr", 0.0)});
    Driver driver;
    const auto& values = json.at("values");
    for (std::size_t i = 0; i < values.size(); ++i) {
      callback.on_epoch(record_of(static_cast<std::int64_t>(i) + 1, json.at("monitor"), values[i]), driver.trainer);
      const double rate = json.at("keras").at("rates")[i];
      // Keras keeps the rate in float32.
      ASSERT_NEAR(driver.trainer.learning_rate(), rate, 1e-6 * rate) << json << " epoch " << i + 1;
    }
  }
}

TEST(EarlyStopping, RefusesAMonitorThatItDoesNotKnow) { EXPECT_THROW(EarlyStopping({.monitor = "val_auc"}), Error); }

TEST(EarlyStopping, SaysThatValidationIsMissing) {
  EarlyStopping callback;
  Driver driver;
  try {
    callback.on_epoch({.epoch = 1, .train = {}}, driver.trainer);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("validation"), std::string::npos) << error.what();
  }
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Calls the callback after epochs with such validation losses; the epoch's number is its weight.
template <class T>
void drive(T& callback, Driver& driver, const std::vector<double>& losses) {
  for (std::int64_t epoch = 1; epoch <= std::ssize(losses); ++epoch) {
    driver.set_weight(static_cast<double>(epoch));
    callback.on_epoch(record_of(epoch, "val_loss", losses[static_cast<std::size_t>(epoch - 1)]), driver.trainer);
  }
}

TEST(EarlyStopping, DoesNotTakeAFirstEpochWithoutAFiniteFigureForTheBest) {
  for (const double first : {kNaN, kInfinity, -kInfinity}) {
    EarlyStopping callback({.patience = 9, .restore_best_weights = true});
    Driver driver;
    drive(callback, driver, {first, 0.5, 0.7});
    History history;
    history.epochs = {record_of(3, "val_loss", 0.7)};
    callback.on_end(history, driver.trainer);
    EXPECT_EQ(driver.weight(), 2.0) << first;
    EXPECT_EQ(history.weights_epoch, 2) << first;
  }
}

TEST(EarlyStopping, SaysOfWhichEpochTheRestoredWeightsAre) {
  EarlyStopping callback({.patience = 9, .restore_best_weights = true});
  Driver driver;
  drive(callback, driver, {0.9, 0.4, 0.6});
  History history;
  for (const std::int64_t epoch : {1, 2, 3}) history.epochs.push_back(record_of(epoch, "val_loss", 0));
  callback.on_end(history, driver.trainer);
  ASSERT_TRUE(history.final_epoch());
  EXPECT_EQ(history.final_epoch()->epoch, 2);
}

TEST(EarlyStopping, RestoresNothingWhereTheLastEpochIsTheBest) {
  EarlyStopping callback({.patience = 9, .restore_best_weights = true});
  Driver driver;
  drive(callback, driver, {0.9, 0.4});
  History history;
  history.epochs = {record_of(2, "val_loss", 0.4)};
  callback.on_end(history, driver.trainer);
  EXPECT_FALSE(history.weights_epoch);
}

TEST(ReduceLROnPlateau, TakesAnyFiniteFigureForBetterThanNaN) {
  ReduceLROnPlateau callback({.patience = 2});
  Driver driver;
  drive(callback, driver, {kNaN, 0.9, 0.8, 0.7, 0.6});
  EXPECT_DOUBLE_EQ(driver.trainer.learning_rate(), 0.1);
}

TEST(ReduceLROnPlateau, RefusesAFactorThatIsNoReduction) { EXPECT_THROW(ReduceLROnPlateau({.factor = 1.0}), Error); }

Sequential small_network() {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1.0 / 255.0}, Conv2D{.filters = 3, .strides = 4}, BatchNormalization{}, Activation{relu},
            Flatten{}, Dense{.units = 10});
  return model;
}

TEST(TerminateOnNaN, CostsNoBitOfTheResult) {
  const Dataset data = make_strokes(false, 64);
  Trainer plain(small_network(), {.batch_size = 16}), watched(small_network(), {.batch_size = 16});
  plain.fit(data);
  watched.fit(data, {.callbacks = {TerminateOnNaN{}}});
  const auto a = plain.network().weight("conv2d/kernel").as<float>();
  const auto b = watched.network().weight("conv2d/kernel").as<float>();
  EXPECT_TRUE(std::ranges::equal(a, b));
}

TEST(TerminateOnNaN, NamesTheParameterThatIsNone) {
  Trainer trainer(small_network(), {.batch_size = 16});
  Tensor kernel = Tensor::copy_of(trainer.network().weight("dense/kernel"));
  kernel.as<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  trainer.network().set_weight("dense/kernel", kernel);
  const History history = trainer.fit(make_strokes(false, 64), {.callbacks = {TerminateOnNaN{}}});
  EXPECT_TRUE(history.failed);
  EXPECT_NE(history.reason.find("dense/kernel"), std::string::npos) << history.reason;
}

TEST(TerminateOnNaN, NamesTheStepTheOpAndTheLayerAndLeavesTheWeights) {
  // Weights of 3e38 overflow in the first convolution that multiplies them.
  Trainer trainer(small_network(), {.batch_size = 16});
  Tensor kernel = Tensor::copy_of(trainer.network().weight("conv2d/kernel"));
  for (float& v : kernel.as<float>()) v = 3e38f;
  trainer.network().set_weight("conv2d/kernel", kernel);
  const History history = trainer.fit(make_strokes(false, 64), {.callbacks = {TerminateOnNaN{}}});
  EXPECT_TRUE(history.failed);
  EXPECT_NE(history.reason.find("step 1:"), std::string::npos) << history.reason;
  EXPECT_NE(history.reason.find("convolution of \"conv2d\""), std::string::npos) << history.reason;
  EXPECT_EQ(trainer.steps_done(), 0u);
  EXPECT_EQ(trainer.network().weight("conv2d/kernel").as<float>()[0], 3e38f);
}

TEST(TerminateOnNaN, EndsARunThatDiverges) {
  Trainer trainer(small_network(),
                  {.loss = MeanSquaredError{}, .optimizer = SGD{.learning_rate = 1e20}, .batch_size = 16});
  const History history = trainer.fit(make_strokes(false, 64), {.epochs = 20, .callbacks = {TerminateOnNaN{}}});
  EXPECT_TRUE(history.failed);
  EXPECT_LT(trainer.steps_done(), 80u);
}

fs::path fresh_folder(const std::string& name) {
  fs::path path = fs::path(testing::TempDir()) / ("evenkeel-callbacks-" + name);
  fs::remove_all(path);
  fs::create_directories(path);
  return path;
}

TEST(ModelCheckpoint, WritesAFileOfEachEpoch) {
  const fs::path folder = fresh_folder("each");
  Trainer trainer(small_network(), {.batch_size = 16});
  trainer.fit(make_strokes(false, 64),
              {.epochs = 2, .callbacks = {ModelCheckpoint({.file = folder / "epoch-{epoch}.safetensors"})}});
  EXPECT_TRUE(fs::exists(folder / "epoch-1.safetensors"));
  EXPECT_TRUE(fs::exists(folder / "epoch-2.safetensors"));
}

TEST(ModelCheckpoint, WritesAFileEverySoManySteps) {
  const fs::path folder = fresh_folder("steps");
  Trainer trainer(small_network(), {.batch_size = 16});
  trainer.fit(make_strokes(false, 64),
              {.epochs = 2, .callbacks = {ModelCheckpoint({.file = folder / "{step}.safetensors", .every_steps = 3})}});
  EXPECT_TRUE(fs::exists(folder / "3.safetensors"));
  EXPECT_TRUE(fs::exists(folder / "6.safetensors"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);
}

TEST(ModelCheckpoint, DoesNotKeepAnEpochWithoutAFiniteFigure) {
  const fs::path file = fresh_folder("nan") / "best.safetensors";
  Driver driver;
  ModelCheckpoint callback({.file = file, .monitor = "val_loss", .save_best_only = true});
  drive(callback, driver, {kNaN});
  EXPECT_FALSE(fs::exists(file));
  drive(callback, driver, {kNaN, 0.8, 0.9, kNaN});
  load_weights(file, driver.trainer.network().weights(), driver.trainer.network().store());
  EXPECT_EQ(driver.weight(), 2.0);
}

TEST(ModelCheckpoint, KeepsTheWeightsOfTheBestEpoch) {
  const fs::path file = fresh_folder("best") / "best.safetensors";
  Driver driver;
  ModelCheckpoint callback({.file = file, .monitor = "val_loss", .save_best_only = true});
  const double losses[] = {0.9, 0.4, 0.6, 0.5};
  for (std::int64_t epoch = 1; epoch <= 4; ++epoch) {
    driver.set_weight(static_cast<double>(epoch));
    callback.on_epoch(record_of(epoch, "val_loss", losses[epoch - 1]), driver.trainer);
  }
  load_weights(file, driver.trainer.network().weights(), driver.trainer.network().store());
  EXPECT_EQ(driver.weight(), 2.0);
}

}  // namespace
}  // namespace evenkeel
