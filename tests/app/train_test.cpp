#include <csignal>

#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

using Train = App;

TEST_F(Train, LeavesARunFolder) {
  train("run");
  for (const char* file : {"model.toml", "run.json", "metrics.csv", "weights.safetensors"})
    EXPECT_TRUE(exists(std::string("run/") + file)) << file;
}

TEST_F(Train, NamesTheRunFolderAfterTheModelAndCounts) {
  const std::vector<std::string> arguments = {"train", "model.toml", "--data", "data.npz"};
  run(arguments);
  EXPECT_EQ(run_json(arguments).at("folder"), "runs/small-2");
}

TEST_F(Train, TellsItsResultAsJson) {
  const auto result =
      run_json({"train", "model.toml", "--data", "data.npz", "--validation", "data.npz[:10]", "--epochs", "2"});
  EXPECT_EQ(result.at("steps"), 10);
  EXPECT_TRUE(result.at("loss").is_number());
  EXPECT_TRUE(result.at("accuracy").is_number());
  EXPECT_TRUE(result.at("validation").at("accuracy").is_number());
}

TEST_F(Train, ThenEvaluatesAlmostPerfectlyOnEasyData) {
  run({"train", "model.toml", "--data", "data.npz", "--epochs", "40", "--out", "run"});
  EXPECT_GT(run_json({"evaluate", "run", "--data", "data.npz"}).at("accuracy").get<double>(), 0.9);
}

TEST_F(Train, IsBitIdenticalForTheSameSeed) {
  train("a");
  train("b");
  EXPECT_EQ(read("a/weights.safetensors"), read("b/weights.safetensors"));
}

TEST_F(Train, RecordsTheInstructionSetThatItIsLimitedTo) {
  run({"train", "model.toml", "--data", "data.npz", "--out", "run"}, {"env", "EVENKEEL_ISA=sse4"});
  EXPECT_EQ(nlohmann::json::parse(read("run/run.json"))["machine"]["features"], "SSE2, limited by EVENKEEL_ISA");
}

TEST_F(Train, DependsOnItsSeed) {
  train("a");
  run({"train", "model.toml", "--data", "data.npz", "--out", "b", "--threads", "1", "--seed", "1"});
  EXPECT_NE(read("a/weights.safetensors"), read("b/weights.safetensors"));
}

TEST_F(Train, CanStartFromAFile) {
  train("a");
  const auto result = run_json({"train", "model.toml", "--data", "data.npz", "--weights", "a/weights.safetensors",
                                "--learning-rate", "1e-12", "--out", "b"});
  EXPECT_EQ(nlohmann::json::parse(read("b/run.json")).at("initial_weights"), "a/weights.safetensors");
}

TEST_F(Train, WritesFlagsIntoTheFoldersModelFile) {
  run({"train", "model.toml", "--data", "data.npz", "--steps", "3", "--learning-rate", "0.5", "--out", "run"});
  EXPECT_TRUE(contains(read("run/model.toml"), "learning_rate = 0.5")) << read("run/model.toml");
}

TEST_F(Train, TakesEveryOptionOfTrainingAsAFlag) {
  run({"train",       "model.toml",
       "--data",      "data.npz",
       "--optimizer", "sgd",
       "--nesterov",  "--momentum",
       "0.5",         "--weight-decay",
       "0.01",        "--clipnorm",
       "1",           "--schedule",
       "step",        "--boundaries",
       "2,4",         "--warmup-steps",
       "1",           "--label-smoothing",
       "0.1",         "--class-weight",
       "1,2.5,1",     "--ema-momentum",
       "0.9",         "--out",
       "run"});
  const std::string toml = read("run/model.toml");
  for (const char* line :
       {"nesterov = true", "weight_decay = 0.01", "clipnorm = 1.0", "schedule = \"step\"", "boundaries = [2, 4]",
        "label_smoothing = 0.1", "class_weight = [1.0, 2.5, 1.0]", "ema_momentum = 0.9"})
    EXPECT_TRUE(contains(toml, line)) << line << " in " << toml;
}

TEST_F(Train, RefusesOptionsThatDoNotGoTogether) {
  const auto refused = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"train", "model.toml", "--data", "data.npz"};
    words.insert(words.end(), options.begin(), options.end());
    return refusal(words);
  };
  EXPECT_SAYS(refused({"--clipnorm", "1", "--clipvalue", "1"}), "one of clipnorm, global_clipnorm and clipvalue");
  EXPECT_SAYS(refused({"--schedule", "cosine", "--decay-rate", "0.5"}), "\"cosine\": it has no \"decay_rate\"");
  EXPECT_SAYS(refused({"--class-weight", "1,2"}), "class_weight: expected 3 numbers");
  EXPECT_FALSE(exists("runs"));
  EXPECT_SAYS(refused({"--boundaries", "2,x", "--schedule", "step"}), "--boundaries: expected a list of whole numbers");
}

TEST_F(Train, DoesNotOverwriteARunFolder) {
  train("run");
  const std::string before = read("run/weights.safetensors");
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--out", "run", "--seed", "5"}), "without a run");
  EXPECT_EQ(read("run/weights.safetensors"), before);
}

TEST_F(Train, LeavesNoFolderWhereItWasRefused) {
  refusal({"train", "model.toml", "--data", "data.npz", "--batch-size", "41", "--out", "run"});
  EXPECT_FALSE(exists("run"));
}

TEST_F(Train, PrintsALineForEachEpochWherePiped) {
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--epochs", "3"});
  EXPECT_TRUE(contains(result.err, "epoch 3/3")) << result.err;
}

TEST_F(Train, PrintsTenthsOfARunOfSoManySteps) {
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--steps", "100"});
  EXPECT_TRUE(contains(result.err, "step 70/100")) << result.err;
}

TEST_F(Train, WritesNoEscapeCodesWherePiped) {
  const auto result = run({"train", "model.toml", "--data", "data.npz"});
  EXPECT_EQ((result.out + result.err).find_first_of("\x1b\r"), std::string::npos);
}

TEST_F(Train, IsSilentOnStderrWhenQuiet) {
  EXPECT_EQ(run({"train", "model.toml", "--data", "data.npz", "--quiet"}).err, "");
}

TEST_F(Train, EndsEarlyWhereNothingImproves) {
  const auto result = run_json({"train", "model.toml", "--data", "data.npz", "--epochs", "50", "--early-stopping", "2",
                                "--min-delta", "100", "--monitor", "loss"});
  EXPECT_EQ(result.at("epochs"), 3);
  EXPECT_TRUE(contains(result.at("ended_because").get<std::string>(), "loss")) << result;
}

TEST_F(Train, LowersTheLearningRateOnAPlateau) {
  run({"train", "model.toml", "--data", "data.npz", "--epochs", "4", "--reduce-lr-patience", "1", "--min-delta", "100",
       "--reduce-lr-factor", "0.5", "--out", "run"});
  EXPECT_TRUE(contains(read("run/metrics.csv"), ",0.0025,")) << read("run/metrics.csv");
}

TEST_F(Train, KeepsTheBestWeights) {
  run({"train", "model.toml", "--data", "data.npz", "--validation", "data.npz", "--epochs", "2", "--save-best", "--out",
       "run"});
  EXPECT_EQ(run({"evaluate", "model.toml", "--weights", "run/best.safetensors", "--data", "data.npz"}).code, 0);
}

TEST_F(Train, EndsWithCodeOneWhereNumbersBreakDown) {
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--loss", "mse", "--optimizer", "sgd",
                           "--learning-rate", "1e30", "--epochs", "50", "--terminate-on-nan", "--out", "run"});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(contains(result.err, "not finite")) << result.err;
  EXPECT_FALSE(exists("run/weights.safetensors"));
}

TEST_F(Train, RefusesASettingWithoutTheOneItNeeds) {
  const std::string said = refusal({"train", "model.toml", "--data", "data.npz", "--restore-best-weights"});
  EXPECT_TRUE(contains(said, "early_stopping")) << said;
}

TEST_F(Train, RefusesToWatchAValidationThatThereIsNotBeforeItBegins) {
  const std::string said = refusal({"train", "model.toml", "--data", "data.npz", "--monitor", "val_accuracy",
                                    "--early-stopping", "2", "--out", "run"});
  EXPECT_SAYS(said, "validation data");
  EXPECT_FALSE(exists("run"));
}

class Interrupted : public App, public testing::WithParamInterface<int> {};

TEST_P(Interrupted, TrainingSavesItsWeights) {
  RunningProgram program({"train", "model.toml", "--data", "data.npz", "--epochs", "10000000", "--out", "run"},
                         folder_.path().string());
  EXPECT_TRUE(contains(program.read_line(), "epoch 1/"));
  program.send(GetParam());
  const auto result = program.wait();
  EXPECT_EQ(result.code, 130);
  EXPECT_EQ(run({"evaluate", "run", "--data", "data.npz"}).code, 0);
}

TEST_P(Interrupted, TrainingWithinAnEpochCanBeResumedWhateverWatchesIt) {
  // Epochs of 7,500 steps: a tenth of the run ends within the second.
  write_data("many.npz", 60000);
  const std::vector<std::string> arguments = {"train",
                                              "model.toml",
                                              "--data",
                                              "many.npz",
                                              "--validation",
                                              "data.npz",
                                              "--steps",
                                              "100000",
                                              "--early-stopping",
                                              "99",
                                              "--save-best",
                                              "--reduce-lr-patience",
                                              "3",
                                              "--out",
                                              "run",
                                              "--threads",
                                              "1",
                                              "--restore-best-weights"};
  RunningProgram program(arguments, folder_.path().string());
  while (!contains(program.read_line(), "step 10000/")) {
  }
  program.send(GetParam());
  const auto result = program.wait();
  EXPECT_EQ(result.code, 130) << result.err;
  EXPECT_SAYS(result.err, "(in part)");
  EXPECT_EQ(run({"evaluate", "run", "--data", "data.npz"}).code, 0);
  RunningProgram resumed({"train", "run", "--resume"}, folder_.path().string());
  EXPECT_SAYS(resumed.read_line(), "continuing from run/checkpoints/");
  resumed.send(SIGTERM);
  EXPECT_EQ(resumed.wait().code, 130);
}

TEST_F(Train, SaysOfWhichEpochTheRestoredWeightsAre) {
  // A rate that breaks what the first epochs learnt.
  const std::vector<std::string> arguments = {"train",
                                              "model.toml",
                                              "--data",
                                              "data.npz",
                                              "--validation",
                                              "data.npz[:9]",
                                              "--epochs",
                                              "6",
                                              "--optimizer",
                                              "sgd",
                                              "--learning-rate",
                                              "30",
                                              "--early-stopping",
                                              "9",
                                              "--restore-best-weights"};
  const auto json = run_json(arguments);
  ASSERT_TRUE(json.contains("weights_epoch")) << json;
  const auto record = nlohmann::json::parse(read(json.at("folder").get<std::string>() + "/run.json")).at("result");
  EXPECT_EQ(record.at("weights_epoch"), json.at("weights_epoch"));
  EXPECT_EQ(record.at("validation").at("loss"), json.at("validation").at("loss"));
  const std::string said = run(arguments).out;
  EXPECT_SAYS(said, "validation, epoch " + json.at("weights_epoch").dump());
  EXPECT_SAYS(said, "The weights are those of epoch " + json.at("weights_epoch").dump() + ", the best of 6.");
}

INSTANTIATE_TEST_SUITE_P(By, Interrupted, testing::Values(SIGINT, SIGTERM),
                         [](const auto& trial) { return trial.param == SIGINT ? "SIGINT" : "SIGTERM"; });

}  // namespace
}  // namespace evenkeel
