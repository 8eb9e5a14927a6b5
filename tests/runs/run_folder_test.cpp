#include "evenkeel/runs/run_folder.h"
#include "evenkeel/runs/open_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/runs/csv_log.h"
#include "tests/support/ordinary_user.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  const fs::path path = fs::path(testing::TempDir()) / ("run_folder_" + name);
  fs::remove_all(path);
  return path;
}

ModelFile small_model() {
  Sequential model({28, 28, 1}, "small");
  model.add(Rescaling{.scale = 1.0 / 255.0}, Flatten{}, Dense{.units = 4}, BatchNormalization{}, Dense{.units = 10});
  return {.model = model};
}

std::string text_of(const fs::path& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Trains a little into `path` and returns what the trainer predicts.
Predictions train_into(const fs::path& path, const Dataset& data) {
  const ModelFile model = small_model();
  Trainer trainer(model.model, {.batch_size = 10, .seed = 3});
  const RunFolder folder(path);
  RunDescription run;
  run.data = data.name();
  run.epochs = 2;
  folder.write_description(model, trainer, run);
  const History history = trainer.fit(data, {.epochs = 2, .callbacks = {CsvLog(folder.metrics())}});
  folder.write_result(model, trainer, run, history, data.class_names());
  return trainer.predict(data);
}

TEST(RunFolder, IsAModelWithItsWeightsAndClassNames) {
  const Dataset data = make_strokes(false, 40);
  const fs::path path = fresh_folder("round_trip");
  const Predictions expected = train_into(path, data);
  const OpenedModel opened = open_model(path);
  ASSERT_TRUE(opened.weights);
  Network network(opened.file.model, {.loss = SoftmaxCrossEntropy{}, .draw_weights = false});
  for (const WeightInfo& w : network.weights())
    EXPECT_THAT(network.weight(w.name).as<float>(), testing::Each(0.0f)) << w.name;
  EXPECT_EQ(load_weights_into(network, *opened.weights), data.class_names());
  const Predictions loaded = predict(network, data, {.batch_size = 10});
  for (std::size_t i = 0; i < loaded.outputs.as<float>().size(); ++i)
    ASSERT_EQ(loaded.outputs.as<float>()[i], expected.outputs.as<float>()[i]);
}

TEST(RunFolder, RemembersHowItWasTrained) {
  const fs::path path = fresh_folder("settings");
  train_into(path, make_strokes(false, 40));
  const Settings settings = open_model(path).file.training;
  EXPECT_EQ(settings.get<std::string>("optimizer"), "adam");
  EXPECT_EQ(settings.get<std::int64_t>("batch_size"), 10);
  EXPECT_EQ(settings.get<std::int64_t>("seed"), 3);
  EXPECT_EQ(settings.get<std::int64_t>("epochs"), 2);
}

TEST(RunFolder, RemembersEveryOptionOfTraining) {
  const fs::path path = fresh_folder("options");
  const Dataset data = make_strokes(false, 40);
  const ModelFile model = small_model();
  const TrainerOptions options{.loss = SoftmaxCrossEntropy{.label_smoothing = 0.125},
                               .optimizer = SGD{.momentum = 0.5, .weight_decay = 0.25, .clipnorm = 2},
                               .schedule = CosineSchedule{.alpha = 0.5, .warmup_steps = 3},
                               .class_weight = std::vector<double>(10, 1.5),
                               .batch_size = 10};
  Trainer trainer(model.model, options);
  RunDescription run;
  run.epochs = 1;
  RunFolder(path).write_description(model, trainer, run);
  const Settings settings = read_model_file(path / "model.toml").training;
  EXPECT_EQ(settings.get<double>("label_smoothing"), 0.125);
  EXPECT_EQ(settings.get<double>("weight_decay"), 0.25);
  EXPECT_EQ(settings.get<double>("clipnorm"), 2);
  EXPECT_FALSE(settings.has("clipvalue"));
  EXPECT_EQ(settings.get<std::string>("schedule"), "cosine");
  EXPECT_EQ(settings.get<std::int64_t>("warmup_steps"), 3);
  EXPECT_EQ(settings.get<std::vector<double>>("class_weight"), options.class_weight);
  const std::string json = text_of(path / "run.json");
  for (const char* key : {"\"label_smoothing\": 0.125", "\"weight_decay\": 0.25", "\"name\": \"cosine\"",
                          "\"warmup_steps\": 3", "\"class_weight\": ["})
    EXPECT_NE(json.find(key), std::string::npos) << key;
}

TEST(RunFolder, HoldsTheAveragesOfTheWeightsWhereThereAreAny) {
  const fs::path path = fresh_folder("averages");
  const Dataset data = make_strokes(false, 40);
  const ModelFile model = small_model();
  Trainer trainer(model.model, {.optimizer = Adam{.learning_rate = 0.1, .ema_momentum = 0.9}, .batch_size = 10});
  const RunFolder folder(path);
  const History history = trainer.fit(data);
  folder.write_result(model, trainer, RunDescription(), history, {});
  Network network(model.model, {.loss = SoftmaxCrossEntropy{}});
  load_weights_into(network, path / "weights.safetensors");
  const AveragedWeights averaged(trainer.network());
  for (const WeightInfo& w : network.weights())
    EXPECT_TRUE(std::ranges::equal(network.weight(w.name).as<float>(), trainer.network().weight(w.name).as<float>()))
        << w.name;
}

TEST(RunFolder, HasALineOfMetricsPerEpoch) {
  const fs::path path = fresh_folder("metrics");
  train_into(path, make_strokes(false, 40));
  std::istringstream lines(text_of(path / "metrics.csv"));
  std::string header, first, second, third;
  std::getline(lines, header);
  EXPECT_EQ(header, "epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s");
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_TRUE(first.starts_with("1,4,")) << first;
  EXPECT_TRUE(second.starts_with("2,8,")) << second;
  EXPECT_FALSE(std::getline(lines, third));
}

TEST(RunFolder, IsNeverOverwritten) {
  const fs::path path = fresh_folder("kept");
  train_into(path, make_strokes(false, 40));
  const std::string before = text_of(path / "weights.safetensors");
  EXPECT_THROW(RunFolder{path}, Error);
  EXPECT_EQ(text_of(path / "weights.safetensors"), before);
}

TEST(RunFolder, OfAProgramThatWasKilledBeforeItsRunBeganIsTakenOver) {
  const fs::path path = fresh_folder("killed");
  { const RunFolder made(path); }
  std::ofstream(path / "model.toml") << "name = \"half a run\"";
  std::ofstream(path / ".evenkeel-1-2.tmp") << "half a run.json";
  const RunFolder folder(path);
  EXPECT_FALSE(fs::exists(path / ".evenkeel-1-2.tmp"));
}

TEST(RunFolder, DoesNotTakeOverAModelFileOfTheUser) {
  const fs::path path = fresh_folder("users");
  fs::create_directories(path);
  std::ofstream(path / "model.toml") << "name = \"mine\"";
  EXPECT_SAYS(error_of([&] { RunFolder folder(path); }), "holds model.toml. Continue it with --resume");
  EXPECT_FALSE(fs::exists(path / ".lock"));
  const RunFolder resumed(path, RunFolder::Existing::resume);
}

TEST(RunFolder, IsNotResumedOverWeightsOrCheckpointsOfAnUnknownRun) {
  for (const char* file : {"weights.safetensors", "checkpoints/step-0000000001.safetensors"}) {
    const fs::path path = fresh_folder("unknown");
    fs::create_directories(path / "checkpoints");
    std::ofstream(path / file) << "hours of work";
    for (const auto existing : {RunFolder::Existing::refuse, RunFolder::Existing::resume})
      EXPECT_SAYS(error_of([&] { RunFolder folder(path, existing); }), "Choose another --out") << file;
    EXPECT_EQ(text_of(path / file), "hours of work");
  }
}

TEST(RunFolder, ThatIsReplacedKeepsNothingOfItsRun) {
  const fs::path path = fresh_folder("replaced");
  train_into(path, make_strokes(false, 40));
  fs::create_directories(path / "checkpoints");
  std::ofstream(path / "checkpoints/step-0000000001.safetensors") << "old";
  std::ofstream(path / "notes.txt") << "mine";
  const RunFolder folder(path, RunFolder::Existing::replace);
  for (const char* file : {"run.json", "weights.safetensors", "metrics.csv", "checkpoints"})
    EXPECT_FALSE(fs::exists(path / file)) << file;
  EXPECT_TRUE(fs::exists(path / "notes.txt"));
}

TEST(RunFolder, BelongsToOneProgramAtATime) {
  const fs::path path = fresh_folder("locked-by-one");
  const RunFolder first(path);
  EXPECT_SAYS(error_of([&] { RunFolder second(path); }), "no other process");
}

TEST(RunFolder, CannotBeMadeWhereAFileLies) {
  const fs::path path = fresh_folder("file");
  std::ofstream(path) << "here";
  EXPECT_THROW(RunFolder{path}, Error);
  EXPECT_EQ(text_of(path), "here");
}

TEST(RunFolder, SaysThatItsFolderMayNotBeLookedInto) {
  const fs::path locked = fresh_folder("locked");
  fs::create_directories(locked);
  fs::permissions(locked, fs::perms::none);
  const OrdinaryUser user;
  EXPECT_SAYS(error_of([&] { RunFolder folder(locked / "run"); }), "Permission denied");
  EXPECT_SAYS(error_of([&] { RunFolder folder(locked / "run", RunFolder::Existing::replace); }), "Permission denied");
  EXPECT_SAYS(error_of([&] { open_model(locked / "run"); }), "Permission denied");
  EXPECT_SAYS(error_of([&] { open_model(locked / "model.toml"); }), "Permission denied");
}

TEST(RunFolder, SaysThatItsCheckpointsMayNotBeRead) {
  const fs::path path = fresh_folder("locked-checkpoints");
  train_into(path, make_strokes(false, 40));
  fs::create_directories(path / "checkpoints");
  fs::remove(path / "weights.safetensors");
  fs::permissions(path / "checkpoints", fs::perms::none);
  const OrdinaryUser user;
  EXPECT_SAYS(error_of([&] { open_model(path); }), "checkpoints: expected a readable folder");
}

TEST(RunFolder, LiesInRunsWhateverTheModelIsCalled) {
  EXPECT_EQ(RunFolder::free_path("a b.c"), fs::path("runs/a b.c-1"));
  EXPECT_EQ(RunFolder::free_path("../../esc"), fs::path("runs/___.._esc-1"));
  EXPECT_EQ(RunFolder::free_path("/etc"), fs::path("runs/_etc-1"));
  EXPECT_EQ(RunFolder::free_path(".hidden"), fs::path("runs/_hidden-1"));
}

/// 1e300 and -18446744073709551615 in place of counts: converted to integers they would be any number.
TEST(ReadRun, RefusesANumberThatCountsNothing) {
  const TestFolder folder;
  fs::copy_file(fs::path(EVENKEEL_SOURCE_DIR) / "tests/fuzz/corpus/run_json/numbers", folder / "run.json");
  EXPECT_SAYS(error_of([&] { read_run(folder.path()); }), "expected a whole number");
}

TEST(OpenModel, SaysWhatAnUnfinishedFolderLacks) {
  const fs::path path = fresh_folder("unfinished");
  fs::create_directories(path);
  try {
    open_model(path);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("model.toml"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace evenkeel
