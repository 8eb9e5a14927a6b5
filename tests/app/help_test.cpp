#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

class Help : public App, public testing::WithParamInterface<std::string> {
 protected:
  std::vector<std::string> asking() const {
    std::vector<std::string> words = {"--help"};
    std::istringstream names(GetParam());
    for (std::string name; names >> name;) words.insert(words.end() - 1, name);
    return words;
  }
};

TEST_P(Help, HasAtLeastTwoExamples) {
  const auto result = run(asking());
  EXPECT_EQ(result.code, 0);
  std::istringstream text(result.out.substr(std::min(result.out.find("Examples:"), result.out.size())));
  int examples = 0;
  for (std::string line; std::getline(text, line);) examples += line.starts_with("  evenkeel ") ? 1 : 0;
  EXPECT_GE(examples, 2) << result.out;
}

INSTANTIATE_TEST_SUITE_P(Commands, Help,
                         testing::Values("", "train", "evaluate", "predict", "run", "summary", "plan", "bench",
                                         "weights", "report", "data", "data fetch", "data list", "data info",
                                         "data show", "study", "doctor", "repair", "model", "layers", "completion",
                                         "man", "reference"),
                         [](const auto& trial) {
                           std::string name = trial.param.empty() ? "evenkeel" : trial.param;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

using CommandLine = App;

TEST_F(CommandLine, WithoutACommandIsWrongInput) { EXPECT_SAYS(refusal({}), "evenkeel --help"); }

TEST_F(CommandLine, SuggestsTheNearestCommand) { EXPECT_SAYS(refusal({"trian", "m"}), "Did you mean \"train\"?"); }

TEST_F(CommandLine, SuggestsTheNearestSubcommand) { EXPECT_SAYS(refusal({"data", "lsit"}), "Did you mean \"list\"?"); }

TEST_F(CommandLine, SuggestsTheNearestFlag) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--epoch=3"}), "Did you mean \"--epochs\"?");
}

TEST_F(CommandLine, NamesTheFlagWhoseValueIsOutOfRange) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--epochs", "0"}), "--epochs: expected");
}

TEST_F(CommandLine, RefusesEpochsTogetherWithSteps) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--epochs", "1", "--steps", "2"}), "--steps");
}

TEST_F(CommandLine, RefusesAPrecisionThatIsNotBuilt) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--precision", "int4"}), "float32");
}

TEST_F(CommandLine, RefusesMoreThreadsThanThereAreCores) {
  EXPECT_SAYS(refusal({"plan", "model.toml", "--threads", "100000"}), "the cores that this process may use");
}

TEST_F(CommandLine, RefusesNoThreads) {
  EXPECT_SAYS(refusal({"plan", "model.toml", "--threads", "0"}), "expected 1 to");
}

TEST_F(CommandLine, RefusesANegativeNumberOfThreads) {
  EXPECT_SAYS(refusal({"plan", "model.toml", "--threads", "-1"}), "received -1");
}

TEST_F(CommandLine, ExplainsItsExitCodes) {
  const std::string help = run({"--help"}).out;
  for (const char* code : {"\n  0 ", "\n  1 ", "\n  2 ", "\n  3 ", "\n  4 ", "\n  70 ", "\n  130 "})
    EXPECT_SAYS(help, code);
}

TEST_F(CommandLine, AskedForItsVersionPrintsIt) { EXPECT_TRUE(run({"--version"}).out.starts_with("0.")); }

}  // namespace
}  // namespace evenkeel
