#include <algorithm>

#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// The program with standard streams as a shell may leave them.
class Streams : public App {
 protected:
  static std::vector<std::string> shell(const std::string& script) { return {"sh", "-c", script, "sh"}; }
  RunningProgram::Result train_under(const std::string& script) {
    return run({"train", "model.toml", "--data", "data.npz", "--epochs", "3", "--out", "run"}, shell(script));
  }
  /// The files of the run have what belongs to them, and nothing that was printed.
  void expect_a_whole_run() {
    EXPECT_TRUE(exists("run/weights.safetensors"));
    const std::string metrics = read("run/metrics.csv");
    EXPECT_EQ(std::ranges::count(metrics, '\n'), 4) << metrics;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "run"))
      if (entry.is_regular_file()) {
        EXPECT_EQ(read(std::filesystem::relative(entry, folder_.path())).find("images/s "), std::string::npos) << entry;
      }
  }
};

const std::string kFull = "exec \"$@\" >/dev/full";
/// stdout is a pipe whose reader is gone.
const std::string kNoReader = "mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; exec \"$@\" >&4 4>&-";

/// Whatever prints something that was asked for.
const std::vector<std::vector<std::string>> kPrinting = {{"--version"},
                                                         {"--help"},
                                                         {"train", "--help"},
                                                         {"summary", "model.toml"},
                                                         {"summary", "model.toml", "--json"},
                                                         {"layers"},
                                                         {"data", "list"},
                                                         {"completion", "bash"},
                                                         {"man"},
                                                         {"reference", "layers"}};

TEST_F(Streams, AStderrThatIsFullCostsTheReportsAlone) {
  const auto result = train_under("exec \"$@\" 2>/dev/full");
  EXPECT_EQ(result.code, 0);
  EXPECT_SAYS(result.out, "training");
  expect_a_whole_run();
}

TEST_F(Streams, AStderrWithoutAReaderCostsTheReportsAlone) {
  EXPECT_EQ(train_under("mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; exec \"$@\" 2>&4 4>&-").code, 0);
  expect_a_whole_run();
}

TEST_F(Streams, AnErrorThatCannotBeSaidKeepsItsExitCode) {
  EXPECT_EQ(run({"evaluate", "nothing", "--data", "data.npz"}, shell("exec \"$@\" 2>/dev/full")).code, 2);
  EXPECT_EQ(run({"evaluate", "nothing", "--data", "data.npz"}, shell("exec \"$@\" 2>&-")).code, 2);
}

TEST_F(Streams, ThatAreClosedAreNotTheRunsOwnFiles) {
  for (const char* closed : {"<&- >&- 2>&-", "2>&-", "<&- 2>&-", ">&- 2>&-", ">&-"}) {
    EXPECT_EQ(train_under(std::string("exec \"$@\" ") + closed).code, 0) << closed;
    expect_a_whole_run();
    std::filesystem::remove_all(folder_ / "run");
  }
}

TEST_F(Streams, OutputThatCannotBeWrittenIsAnErrorOfTheEnvironment) {
  for (const auto& command : kPrinting)
    EXPECT_SAYS(failure(3, command, shell(kFull)), "standard output: No space left");
}

TEST_F(Streams, ARunWhoseResultCannotBePrintedIsSavedAllTheSame) {
  EXPECT_EQ(train_under(kFull).code, 3);
  expect_a_whole_run();
}

TEST_F(Streams, OutputWithoutAReaderEndsTheProgramWithoutAMessage) {
  for (const auto& command : kPrinting) {
    const auto result = run(command, shell("rm -f pipe; " + kNoReader));
    EXPECT_EQ(result.code, 3) << command[0];
    EXPECT_EQ(result.err.find("evenkeel: "), std::string::npos) << command[0] << result.err;
  }
}

}  // namespace
}  // namespace evenkeel
