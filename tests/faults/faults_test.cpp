#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "evenkeel/formats/safetensors.h"
#include "tests/faults/faulty_run.h"

// A run is ended, or a call fails, at every call that changes a file of its folder. Then the fault is gone and the run
// goes on: nothing may tell it from a run without faults.

namespace evenkeel {
namespace {

/// A test of all calls is several tests of some, so that they run side by side.
constexpr int kShares = 4;

/// `make faults`: every error and signal at every call, and a second program too.
const bool tries_all = std::getenv("EVENKEEL_ALL_FAULTS") != nullptr;

class Share : public FaultyRun, public testing::WithParamInterface<int> {
 protected:
  /// Calls `trial` with every n of this share, in an empty folder.
  template <class F>
  void at_every_call(F trial) {
    ASSERT_GT(calls_.size(), 100u);
    for (std::size_t n = 1 + static_cast<std::size_t>(GetParam()); n <= calls_.size(); n += kShares) {
      SCOPED_TRACE(fmt::format("at call {}: {}", n, calls_[n - 1]));
      trial(static_cast<long>(n));
      if (HasFailure()) return;
      remove_run();
    }
  }
  void expect_it_goes_on(bool by_resuming) {
    const auto result = go_on(by_resuming);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(differences(), "");
  }
  /// A call failed, and the program ended with `result`.
  void expect_a_failure_is_told(const RunningProgram::Result& result) {
    if (result.code == 0) {
      EXPECT_EQ(differences_of_results(), "");
      if (!differences().empty()) {
        EXPECT_SAYS(result.err, "evenkeel: ");
      }
      return;
    }
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_SAYS(result.err, "evenkeel: ");
    expect_it_goes_on(true);
  }
};

using KilledAtACall = Share;
TEST_P(KilledAtACall, ARunGoesOnAsIfItHadNotBeen) {
  at_every_call([&](long n) {
    EXPECT_EQ(begin(n, "kill").code, -SIGKILL);
    expect_it_goes_on(n % 8 < 4);
  });
}

using AFullDisk = Share;
TEST_P(AFullDisk, FromAnyCallOnIsTold) {
  at_every_call([&](long n) { expect_a_failure_is_told(begin(n, "errors " + std::to_string(ENOSPC))); });
}

using ACallThatFails = Share;
TEST_P(ACallThatFails, IsTold) {
  at_every_call([&](long n) {
    for (const int error :
         tries_all ? std::vector{EIO, EDQUOT, ENOSPC, EACCES, EROFS} : std::vector{n % 8 < 4 ? EIO : EDQUOT}) {
      SCOPED_TRACE(error);
      remove_run();
      expect_a_failure_is_told(begin(n, "error " + std::to_string(error)));
    }
  });
}

using AWrite = Share;
TEST_P(AWrite, MayBeShort) {
  at_every_call([&](long n) {
    if (!calls_[static_cast<std::size_t>(n - 1)].starts_with("write")) return;
    EXPECT_EQ(begin(n, "short").code, 0);
    EXPECT_EQ(differences(), "");
  });
}

using ASignal = Share;
TEST_P(ASignal, AtAnyCallLeavesARunThatGoesOn) {
  at_every_call([&](long n) {
    if (n / kShares % 2 != 0 && !tries_all) return;
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

using ASecondProgram = Share;
TEST_P(ASecondProgram, IsRefusedWhileTheFirstOneWorks) {
  at_every_call([&](long n) {
    if (n < 3) return;  // it has not locked the folder yet
    if (n % 6 != 3 && !tries_all) return;
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

using ARepair = FaultyRun;
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

const auto kAllShares = testing::Range(0, kShares);
INSTANTIATE_TEST_SUITE_P(Share, KilledAtACall, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, AFullDisk, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ACallThatFails, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, AWrite, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ASignal, kAllShares);
INSTANTIATE_TEST_SUITE_P(Share, ASecondProgram, kAllShares);

}  // namespace
}  // namespace evenkeel
