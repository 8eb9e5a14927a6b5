#include <cerrno>
#include <csignal>

#include "evenkeel/formats/safetensors.h"
#include "tests/faults/faulty_run.h"

// A run is ended, or a call fails, at every call that changes a file of its folder. Then the fault is gone and the run
// goes on: nothing may tell it from a run without faults.

namespace evenkeel {
namespace {

/// Training that early stopping ends after three of its five epochs, with the weights of the first one.
std::vector<std::string> training(const std::string& out) {
  return {"train",
          "model.toml",
          "--data",
          "data.npz",
          "--validation",
          "data.npz[:9]",
          "--epochs",
          "5",
          "--threads",
          "1",
          "--quiet",
          "--out",
          out,
          "--monitor",
          "loss",
          "--min-delta",
          "100",
          "--early-stopping",
          "2",
          "--restore-best-weights",
          "--save-best",
          "--reduce-lr-patience",
          "1",
          "--checkpoint-every",
          "2",
          "--summary-every",
          "1"};
}

class Training : public Share {
 protected:
  Training() : Share(training("run")) {
    EXPECT_SAYS(whole_["run.json"], "ended_because");
    EXPECT_SAYS(whole_["run.json"], "\"weights_epoch\": 1");
  }
};

using KilledAtACall = Training;
TEST_P(KilledAtACall, ARunGoesOnAsIfItHadNotBeen) {
  at_every_call([&](long n) {
    EXPECT_EQ(begin(n, "kill").code, -SIGKILL);
    expect_it_goes_on(n % 8 < 4);
  });
}

using AFullDisk = Training;
TEST_P(AFullDisk, FromAnyCallOnIsTold) {
  at_every_call([&](long n) { expect_a_failure_is_told(begin(n, "errors " + std::to_string(ENOSPC))); });
}

using ACallThatFails = Training;
TEST_P(ACallThatFails, IsTold) {
  at_every_call([&](long n) {
    for (const int error :
         kTriesAll ? std::vector{EIO, EDQUOT, ENOSPC, EACCES, EROFS} : std::vector{n % 8 < 4 ? EIO : EDQUOT}) {
      SCOPED_TRACE(error);
      remove_run();
      expect_a_failure_is_told(begin(n, "error " + std::to_string(error)));
    }
  });
}

using AWrite = Training;
TEST_P(AWrite, MayBeShort) {
  at_every_call([&](long n) {
    if (!calls_[static_cast<std::size_t>(n - 1)].starts_with("write")) return;
    EXPECT_EQ(begin(n, "short").code, 0);
    EXPECT_EQ(differences(), "");
  });
}

using ASignal = Training;
TEST_P(ASignal, AtAnyCallLeavesARunThatGoesOn) {
  at_every_call([&](long n) {
    if (n / kShares % 2 != 0 && !kTriesAll) return;
    const std::string signal = std::to_string(n / kShares % 4 < 2 ? SIGINT : SIGTERM);
    // Two of them end the program at once; both may find it at its end.
    const int code = begin(n, (n % 3 == 0 ? "signals " : "signal ") + signal).code;
    EXPECT_TRUE(code == 130 || code == 0) << code;
    if (code == 0) {
      EXPECT_EQ(differences(), "");
      return;
    }
    const auto result = go_on();
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(differences_after_interruption(), "");
  });
}

using ASecondProgram = Training;
TEST_P(ASecondProgram, IsRefusedWhileTheFirstOneWorks) {
  at_every_call([&](long n) {
    if (n < 3) return;  // it has not locked the folder yet
    if (n % 6 != 3 && !kTriesAll) return;
    RunningProgram first(training("run"), folder_.path().string(), under_shim(n, "stop"));
    ASSERT_TRUE(first.wait_until_stopped());
    auto resuming = training("run");
    resuming.emplace_back("--resume");
    for (const auto& arguments : {training("run"), resuming}) {
      const auto second = run(arguments);
      EXPECT_TRUE(second.code == 2 || second.code == 3) << second.code << second.err;
    }
    first.send(SIGCONT);
    const auto result = first.wait();
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(differences(), "");
  });
}

// Files are then written while training is several steps further.
using ASlowDisk = Training;
TEST_P(ASlowDisk, ChangesNothing) {
  EXPECT_EQ(begin(0, "", 1 + 2 * GetParam()).code, 0);
  EXPECT_EQ(differences(), "");
}

using KilledOnASlowDisk = Training;
TEST_P(KilledOnASlowDisk, ARunGoesOnAsIfItHadNotBeen) {
  at_every_call(
      [&](long n) {
        EXPECT_EQ(begin(n, "kill", 2).code, -SIGKILL);
        expect_it_goes_on(n % 8 < 4);
      },
      12);
}

using ASignalOnASlowDisk = Training;
TEST_P(ASignalOnASlowDisk, LeavesARunThatGoesOn) {
  at_every_call(
      [&](long n) {
        const int code = begin(n, "signal " + std::to_string(SIGINT), 2).code;
        EXPECT_TRUE(code == 130 || code == 0) << code;
        if (code == 130) {
          EXPECT_EQ(go_on().code, 0);
        }
        EXPECT_EQ(differences_after_interruption(), "");
      },
      12);
}

class ARepair : public FaultyRun {
 protected:
  ARepair() : FaultyRun(training("run")) {}
};
TEST_F(ARepair, ThatIsKilledNeverLeavesAModelBesideTheWeightsOfAnother) {
  train("a");
  const auto repair = [&](const char* method, long n, const std::string& what) {
    return run({"repair", "a", "--data", "data.npz", "--fix", method, "--out", "run/x.safetensors", "--threads", "1",
                "--keep", "--quiet"},
               under_shim(n, what));
  };
  std::string weights, model;
  for (long n = 0, code = -SIGKILL; n == 0 || code == -SIGKILL; ++n) {
    std::filesystem::create_directories(folder_ / "run");
    ASSERT_EQ(repair("affine", 0, "").code, 0);
    code = repair("fold", n, "kill").code;
    if (exists("run/x.toml")) {
      EXPECT_EQ(formats::read_safetensors(folder_ / "run/x.safetensors").metadata.at("model"), read("run/x.toml")) << n;
    }
    ASSERT_EQ(repair("fold", 0, "").code, 0) << n;
    if (n == 0) weights = read("run/x.safetensors"), model = read("run/x.toml");
    EXPECT_EQ(read("run/x.safetensors"), weights) << n;
    EXPECT_EQ(read("run/x.toml"), model) << n;
    remove_run();
  }
  EXPECT_SAYS(model, "Flatten");
}

INSTANTIATE_TEST_SUITE_P(Share, KilledAtACall, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, AFullDisk, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ACallThatFails, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, AWrite, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ASignal, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ASecondProgram, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ASlowDisk, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, KilledOnASlowDisk, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ASignalOnASlowDisk, kAllShares);

}  // namespace
}  // namespace evenkeel
