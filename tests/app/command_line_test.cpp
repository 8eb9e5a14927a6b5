#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// What a command line says that would have no effect, or another one than it seems to have.
class Flags : public App {
 protected:
  std::string train_refusal(const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {"train", "model.toml", "--data", "data.npz", "--out", "run"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const std::string said = refusal(arguments);
    EXPECT_FALSE(exists("run"));
    return said;
  }
};

TEST_F(Flags, AnEmptyValueIsRefusedByItsFlag) {
  EXPECT_SAYS(train_refusal({"--batch-size=", "--epochs", "1"}), "--batch-size: expected a value, received an empty");
  for (const char* flag : {"--out", "--data", "--validation", "--weights", "--epochs", "--loss", "--nesterov",
                           "--data-dir", "--threads", "--labels"}) {
    EXPECT_SAYS(train_refusal({std::string(flag) + "="}), std::string(flag) + ": expected a value");
    EXPECT_SAYS(train_refusal({flag, ""}), std::string(flag) + ": expected a value");
  }
  EXPECT_SAYS(refusal({"summary", ""}), "expected a value");
}

TEST_F(Flags, AValueMayEndInAnEqualsSign) { EXPECT_SAYS(refusal({"train", "model.toml", "--data=x="}), "x="); }

TEST_F(Flags, ACallbacksFlagNeedsACallback) {
  EXPECT_SAYS(train_refusal({"--monitor", "foo"}), "\"monitor\": expected \"early_stopping\" or \"save_best\" or ");
  EXPECT_SAYS(train_refusal({"--min-delta", "0.1"}), "\"min_delta\": expected \"early_stopping\"");
  EXPECT_SAYS(train_refusal({"--min-delta", "0.1", "--save-best"}), "\"min_delta\": expected \"early_stopping\"");
}

TEST_F(Flags, AFlagNeedsTheOneItIsAbout) {
  EXPECT_SAYS(train_refusal({"--initial-learning-rate", "0.1"}), "\"warmup_steps\" with it");
  EXPECT_SAYS(train_refusal({"--optimizer", "sgd", "--nesterov"}), "a \"momentum\" with it");
  EXPECT_SAYS(train_refusal({"--force"}), "--force: expected the precision bfloat16 with it");
  train("a");
  EXPECT_SAYS(refusal({"repair", "a", "--data", "data.npz", "--fix", "re-estimate", "--out", "b.safetensors",
                       "--learning-rate", "0.1"}),
              "--learning-rate requires --then-train");
}

TEST_F(Flags, AFlagAboutReadingNeedsSuchData) {
  for (const char* flag : {"--skip-bad-images", "--color=strict"})
    EXPECT_SAYS(train_refusal({flag}), "a folder of images among the data");
  EXPECT_SAYS(train_refusal({"--data-dir", "data"}), "--data-dir: expected a named set");
  EXPECT_SAYS(refusal({"data", "info", "strokes:test[:10]", "--channels-first"}), "an .npz file among the data");
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "strokes", "--labels", "from-1"}),
              "an .npz file among the data");
}

TEST_F(Flags, OneSetOfSeveralIsEnoughForAFlagAboutReading) {
  EXPECT_EQ(run_json({"train", "model.toml", "--data", "data.npz", "--validation", "data.npz", "--labels", "contiguous",
                      "--out", "run"})
                .at("epochs"),
            1);
}

TEST_F(Flags, AResumedRunKeepsItsBeginning) {
  train("run");
  const std::vector<std::string> resume = {"train", "model.toml", "--data", "data.npz", "--out", "run", "--resume"};
  const auto with = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), resume.begin(), resume.end());
    return flags;
  };
  EXPECT_SAYS(refusal(with({"--no-shuffle"})), "--no-shuffle: expected what this run began with");
  EXPECT_SAYS(refusal(with({"--weights", "run/weights.safetensors"})), "weights from the seed");
  EXPECT_EQ(run(resume).code, 0);
}

}  // namespace
}  // namespace evenkeel
