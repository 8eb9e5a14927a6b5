#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

class Resume : public App {
 protected:
  std::vector<std::string> training(const std::string& out) const {
    return {"train",    "model.toml", "--data",    "data.npz", "--validation",       "data.npz[:9]",
            "--epochs", "60",         "--threads", "1",        "--checkpoint-every", "1",
            "--out",    out};
  }
  /// Starts or continues the run in "run", and kills it after so many milliseconds.
  void train_and_kill(int milliseconds) {
    auto arguments = training("run");
    arguments.emplace_back("--resume");
    RunningProgram program(arguments, folder_.path().string());
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    program.send(SIGKILL);
    program.wait();
  }
  RunningProgram::Result resume() {
    auto arguments = training("run");
    arguments.emplace_back("--resume");
    return run(arguments);
  }
  std::vector<fs::path> checkpoints() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_ / "run/checkpoints"))
      if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
    std::ranges::sort(files, std::greater{});
    return files;
  }
  /// metrics.csv without the columns of time.
  std::string metrics(const std::string& out) {
    std::istringstream lines(read(out + "/metrics.csv"));
    std::string text, line;
    while (std::getline(lines, line)) {
      line.resize(line.rfind(',', line.rfind(',') - 1));
      text += line + '\n';
    }
    return text;
  }
  /// Interrupts a run, spoils its newest checkpoint, resumes: what it says.
  std::string resume_with_spoiled(const std::function<void(std::string&)>& spoil) {
    train_interrupted();
    const fs::path newest = checkpoints().front();
    std::string bytes = read(fs::relative(newest, folder_.path()).string());
    spoil(bytes);
    write(fs::relative(newest, folder_.path()).string(), bytes);
    const auto result = resume();
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_TRUE(contains(result.err, newest.filename().string())) << result.err;
    return result.err;
  }
  /// A run that SIGTERM ended after some epochs.
  void train_interrupted() {
    RunningProgram program(training("run"), folder_.path().string());
    for (int epoch = 0; epoch < 3; ++epoch) program.read_line();
    program.send(SIGTERM);
    EXPECT_EQ(program.wait().code, 130);
  }
  void expect_the_bits_of_an_uninterrupted_run() {
    ASSERT_EQ(run(training("whole")).code, 0);
    EXPECT_EQ(read("run/weights.safetensors"), read("whole/weights.safetensors"));
    EXPECT_EQ(metrics("run"), metrics("whole"));
  }
};

TEST_F(Resume, EndsWithTheSameBitsThoughKilledAtTwentyRandomMoments) {
  std::mt19937 random(20260);
  std::uniform_int_distribution<int> moment(5, 120);
  for (int kill = 0; kill < 20; ++kill) train_and_kill(moment(random));
  ASSERT_EQ(resume().code, 0);
  expect_the_bits_of_an_uninterrupted_run();
}

TEST_F(Resume, EndsWithTheSameBitsAfterASignal) {
  train_interrupted();
  EXPECT_FALSE(exists("run/weights.safetensors"));
  ASSERT_EQ(resume().code, 0);
  expect_the_bits_of_an_uninterrupted_run();
}

TEST_F(Resume, NeedsOnlyTheFolder) {
  train_interrupted();
  ASSERT_EQ(run({"train", "run", "--resume"}).code, 0);
  expect_the_bits_of_an_uninterrupted_run();
}

TEST_F(Resume, PassesOverATruncatedCheckpoint) {
  resume_with_spoiled([](std::string& bytes) { bytes.resize(bytes.size() / 2); });
  expect_the_bits_of_an_uninterrupted_run();
}
TEST_F(Resume, PassesOverACheckpointWithAFlippedBit) {
  resume_with_spoiled([](std::string& bytes) { bytes[bytes.size() - 20] ^= 16; });
  expect_the_bits_of_an_uninterrupted_run();
}
TEST_F(Resume, PassesOverAnEmptyCheckpoint) {
  resume_with_spoiled([](std::string& bytes) { bytes.clear(); });
  expect_the_bits_of_an_uninterrupted_run();
}

TEST_F(Resume, StartsFromTheBeginningWhereThereIsNoRunYet) {
  const auto result = resume();
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(contains(result.err, "no run yet")) << result.err;
}

TEST_F(Resume, BeginsARunThatWasKilledBeforeItBegan) {
  for (const bool by_folder : {false, true}) {
    fs::remove_all(folder_ / "run");
    fs::create_directories(folder_ / "run");
    write("run/model.toml", kSmallModel);
    EXPECT_SAYS(refusal({"train", "run", "--resume"}), "give the data and settings again");
    const auto result =
        run({"train", by_folder ? "run" : "model.toml", "--data", "data.npz", "--out", "run", "--resume"});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_TRUE(exists("run/weights.safetensors"));
  }
}

TEST_F(Resume, PassesOverTheCheckpointOfAnotherModel) {
  train_interrupted();
  std::string other = kSmallModel;
  other.replace(other.find("filters = 4"), 11, "filters = 5");
  write("other.toml", other);
  ASSERT_EQ(run({"train", "other.toml", "--data", "data.npz", "--out", "other"}).code, 0);
  fs::copy_file(folder_ / "other/checkpoints/step-0000000005.safetensors",
                folder_ / "run/checkpoints/step-0000009999.safetensors");
  EXPECT_TRUE(run_json({"evaluate", "run", "--data", "data.npz"}).at("accuracy").is_number());
  const auto result = resume();
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "passed over: run/checkpoints/step-0000009999.safetensors");
  expect_the_bits_of_an_uninterrupted_run();
}

TEST_F(Resume, SaysThatARunIsFinished) {
  train("run");
  const auto result = run({"train", "run", "--resume"});
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(contains(result.err, "finished")) << result.err;
}

TEST_F(Resume, GoesOnWithAFinishedRunWhereMoreEpochsAreAskedFor) {
  train("run");
  ASSERT_EQ(run({"train", "run", "--resume", "--epochs", "3"}).code, 0);
  ASSERT_EQ(
      run({"train", "model.toml", "--data", "data.npz", "--out", "whole", "--threads", "1", "--epochs", "3"}).code, 0);
  EXPECT_TRUE(contains(read("run/metrics.csv"), "\n3,15,")) << read("run/metrics.csv");
}

TEST_F(Resume, RefusesTheFolderOfAnotherModel) {
  train_interrupted();
  std::string other = kSmallModel;
  other.replace(other.find("filters = 4"), 11, "filters = 5");
  write("other.toml", other);
  const std::string said = refusal({"train", "other.toml", "--data", "data.npz", "--out", "run", "--resume"});
  EXPECT_TRUE(contains(said, "another model")) << said;
}

TEST_F(Resume, RefusesADataSetThatHasChanged) {
  train_interrupted();
  write_data("data.npz", 41);
  const std::string said = refusal({"train", "run", "--resume"});
  EXPECT_TRUE(contains(said, "fingerprint")) << said;
}

TEST_F(Resume, RefusesAnotherLearningRate) {
  train_interrupted();
  const std::string said = refusal({"train", "run", "--resume", "--learning-rate", "0.5"});
  EXPECT_TRUE(contains(said, "optimizer")) << said;
}

TEST_F(Resume, NeedsAFolder) {
  const std::string said = refusal({"train", "model.toml", "--data", "data.npz", "--resume"});
  EXPECT_TRUE(contains(said, "run folder")) << said;
}

TEST_F(Resume, RefusesToEndARunSooner) {
  ASSERT_EQ(run({"train", "model.toml", "--data", "data.npz", "--out", "run", "--epochs", "2"}).code, 0);
  EXPECT_SAYS(refusal({"train", "run", "--resume", "--epochs", "1"}), "--epochs: expected at least 2");
}

TEST_F(Resume, SaysThatTheFolderIsNotThere) {
  EXPECT_SAYS(refusal({"train", "no-run", "--resume"}), "no-run, which is not there");
}

TEST_F(Resume, IsRefusedWhileAnotherProcessTrains) {
  RunningProgram first({"train", "model.toml", "--data", "data.npz", "--epochs", "10000000", "--out", "run"},
                       folder_.path().string());
  first.read_line();
  const std::string said = failure(3, {"train", "run", "--resume"});
  EXPECT_TRUE(contains(said, "no other process")) << said;
  first.send(SIGTERM);
  first.wait();
}

TEST_F(Resume, EvaluatesAnUnfinishedRunFromItsNewestCheckpoint) {
  train_interrupted();
  EXPECT_TRUE(run_json({"evaluate", "run", "--data", "data.npz"}).at("accuracy").is_number());
}

TEST_F(Resume, TrainingGoesOnThoughNoCheckpointCanBeWritten) {
  // A file system that takes files of 4 kB: the weights fit, checkpoints do not.
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--out", "run", "--epochs", "2"},
                          {"bash", "-c", "ulimit -f 4; trap '' XFSZ; exec \"$@\"", "bash"});
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(contains(result.err, "checkpoint of step 5 is not written")) << result.err;
  EXPECT_TRUE(exists("run/weights.safetensors"));
}

TEST_F(Resume, TrainingGoesOnThoughNoMetricsCanBeWritten) {
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--out", "run", "--epochs", "110",
                           "--summary-every", "0", "--threads", "1"},
                          {"bash", "-c", "ulimit -f 4; trap '' XFSZ; exec \"$@\"", "bash"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "metrics are not written: run/metrics.csv: expected room");
  EXPECT_TRUE(exists("run/weights.safetensors"));
  const std::string metrics = read("run/metrics.csv");
  EXPECT_GT(metrics.size(), 3500u);
  EXPECT_TRUE(metrics.ends_with('\n'));
}

TEST_F(Resume, ProgressCountsTheStepsBefore) {
  std::vector<std::string> steps = {"train", "model.toml", "--data",    "data.npz", "--out",  "run", "--steps",
                                    "10",    "--quiet",    "--threads", "1",        "--seed", "3"};
  ASSERT_EQ(run(steps).code, 0);
  const auto result = run({"train", "run", "--resume", "--steps", "20"});
  EXPECT_EQ(result.code, 0);
  EXPECT_SAYS(result.err, "step 12/20 ");
  EXPECT_SAYS(result.err, "step 18/20 ");
  EXPECT_FALSE(contains(result.err, "step 2/20 ")) << result.err;
}

TEST_F(Resume, SaysSoWhereTheLastStepCouldNotBeSaved) {
  RunningProgram program({"train", "model.toml", "--data", "data.npz", "--epochs", "10000000", "--out", "run"},
                         folder_.path().string());
  program.read_line();
  fs::remove_all(folder_ / "run/checkpoints");
  write("run/checkpoints", "a file in its place");
  program.send(SIGTERM);
  const auto result = program.wait();
  EXPECT_EQ(result.code, 130);
  EXPECT_SAYS(result.err, "is not written: ");
  EXPECT_SAYS(result.err, "that step could not be saved, and --resume continues from the checkpoint before");
  EXPECT_FALSE(contains(result.err, "the run is saved")) << result.err;
}

}  // namespace
}  // namespace evenkeel
