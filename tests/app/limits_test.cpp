#include <sys/stat.h>
#include <unistd.h>

#include "apps/evenkeel/exit_code.h"
#include "apps/evenkeel/interruption.h"
#include "evenkeel/base/cpu.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// What the system and the environment allow, below what is asked for.
class Limits : public App {
 protected:
  std::vector<std::string> train_arguments() const {
    return {"train", "model.toml", "--data", "data.npz", "--out", "run"};
  }
  std::string train_failure(const std::string& limit) {
    return failure(3, train_arguments(), {"sh", "-c", limit + "; exec \"$@\"", "sh"});
  }
  RunningProgram::Result train_in(std::vector<std::string> environment) {
    std::filesystem::remove_all(folder_ / "run");
    environment.insert(environment.begin(), "env");
    return run(train_arguments(), environment);
  }
};

/// Those with threads that others would wait for.
class ThreadLimits : public Limits {
 protected:
  void SetUp() override {
    if (Machine::here().cores < 2) GTEST_SKIP() << "one core: there are no other threads";
  }
};

TEST_F(ThreadLimits, OfOpenMPAreObeyedAndSaidOnce) {
  for (const char* limit : {"OMP_THREAD_LIMIT=1", "OMP_MAX_ACTIVE_LEVELS=0"}) {
    const auto result = train_in({limit});
    EXPECT_EQ(result.code, 0) << limit;
    const std::string note = "evenkeel: note: 1 of ";
    const std::size_t said = result.err.find(note);
    ASSERT_NE(said, std::string::npos) << result.err;
    EXPECT_EQ(result.err.find(note, said + 1), std::string::npos) << result.err;
    EXPECT_SAYS(read("run/run.json"), "\"threads\": 1");
  }
}

TEST_F(ThreadLimits, AreNoNewsToAQuietProgram) {
  auto arguments = train_arguments();
  arguments.emplace_back("--quiet");
  EXPECT_EQ(run(arguments, {"env", "OMP_THREAD_LIMIT=1"}).err, "");
}

TEST_F(ThreadLimits, AreWhatTheSameCountWouldCompute) {
  train_in({"OMP_THREAD_LIMIT=1"});
  const std::string limited = read("run/weights.safetensors");
  train("one");
  EXPECT_EQ(limited, read("one/weights.safetensors"));
}

TEST_F(ThreadLimits, OtherSettingsOfOpenMPTakeNoThreadsAway) {
  for (const std::vector<std::string>& settings :
       std::vector<std::vector<std::string>>{{"OMP_DYNAMIC=true"},
                                             {"OMP_NUM_THREADS=1"},
                                             {"OMP_WAIT_POLICY=active"},
                                             {"OMP_WAIT_POLICY=passive"},
                                             {"OMP_PROC_BIND=close", "OMP_PLACES={0}"},
                                             {"OMP_PROC_BIND=true"}}) {
    const auto result = train_in(settings);
    EXPECT_EQ(result.code, 0) << settings[0] << result.err;
    EXPECT_EQ(result.err.find("note: "), std::string::npos) << settings[0] << result.err;
  }
}

TEST_F(ThreadLimits, OfTheStackOfOpenMPsThreadsAreErrors) {
  EXPECT_SAYS(train_failure("export OMP_STACKSIZE=16k"), "OMP_STACKSIZE");
  EXPECT_SAYS(train_failure("export OMP_STACKSIZE=100000G"), "bytes of OMP_STACKSIZE: ");
  EXPECT_EQ(train_in({"OMP_STACKSIZE= 2 m"}).code, 0);
}

TEST_F(Limits, OfTheStackAreErrorsOfEveryCommand) {
  EXPECT_SAYS(train_failure("ulimit -s 64"), "the limit of the stack: expected at least 256 KB, received 64 KB");
  EXPECT_SAYS(failure(3, {"layers"}, {"sh", "-c", "ulimit -s 64; exec \"$@\"", "sh"}), "the limit of the stack");
}

TEST_F(Limits, OfTheSizeOfFilesAreErrors) { EXPECT_SAYS(train_failure("ulimit -f 1"), "File too large"); }

TEST_F(Limits, OfDescriptorsAreErrors) { EXPECT_SAYS(train_failure("ulimit -n 6"), "Too many open files"); }

TEST_F(Limits, OfProcessesAreErrors) {
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  std::vector<std::string> under = {"prlimit", "--nproc=1"};
  if (geteuid() == 0)  // whom the limit does not bind
    under.insert(under.begin(), {"setpriv", "--reuid", "65534", "--clear-groups"});
  for (const char* threads : {"1", "2"}) {
    if (*threads == '2' && Machine::here().cores < 2) continue;
    auto arguments = train_arguments();
    arguments.insert(arguments.end(), {"--threads", threads});
    EXPECT_SAYS(failure(3, arguments, under), "threads: expected one more, received Resource temporarily unavailable");
  }
}

class InterruptionDeathTest : public testing::Test {
 protected:
  InterruptionDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void ask_twice(int first, int second) {
  const app::Interruption interruption;
  raise(first);
  while (!interruption.requested()) std::this_thread::yield();
  raise(second);
  for (;;) pause();  // what hangs
}

TEST_F(InterruptionDeathTest, TheSecondSignalEndsAProgramThatHangs) {
  EXPECT_EXIT(ask_twice(SIGINT, SIGINT), testing::ExitedWithCode(130), "");
  EXPECT_EXIT(ask_twice(SIGTERM, SIGINT), testing::ExitedWithCode(130), "");
}

TEST_F(InterruptionDeathTest, AfterItASignalIsStillOneForTheExitCode) {
  const auto ask_afterwards = [] {
    { const app::Interruption interruption; }
    raise(SIGTERM);
    std::exit(app::was_interrupted() ? app::kInterrupted : 0);
  };
  EXPECT_EXIT(ask_afterwards(), testing::ExitedWithCode(app::kInterrupted), "");
}

}  // namespace
}  // namespace evenkeel
