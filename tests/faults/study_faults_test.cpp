#include <cerrno>
#include <csignal>

#include "tests/faults/faulty_run.h"

// A study's folder, which holds a run folder for each variant, under the same faults as a run's.

namespace evenkeel {
namespace {

/// `make test` tries so many calls less.
constexpr std::size_t kStride = 9;

class AStudy : public Share {
 protected:
  AStudy() : Share({}) { EXPECT_SAYS(whole_["study.json"], "normalized"); }
};

TEST_P(AStudy, ThatIsKilledGoesOnAsIfItHadNotBeen) {
  at_every_call(
      [&](long n) {
        EXPECT_EQ(begin(n, "kill").code, -SIGKILL);
        expect_it_goes_on(n % 8 < 4);
      },
      kStride);
}

TEST_P(AStudy, TellsThatTheDiskIsFull) {
  at_every_call([&](long n) { expect_a_failure_is_told(begin(n, "errors " + std::to_string(ENOSPC))); }, kStride);
}

TEST_P(AStudy, TellsThatACallFails) {
  at_every_call(
      [&](long n) {
        for (const int error : kTriesAll ? std::vector{EIO, EDQUOT, EACCES} : std::vector{EIO}) {
          SCOPED_TRACE(error);
          remove_run();
          expect_a_failure_is_told(begin(n, "error " + std::to_string(error)));
        }
      },
      kStride);
}

TEST_P(AStudy, GoesOnAfterASignal) {
  at_every_call(
      [&](long n) {
        const int code = begin(n, "signal " + std::to_string(n % 2 == 0 ? SIGINT : SIGTERM)).code;
        EXPECT_TRUE(code == 130 || code == 0) << code;
        if (code == 130) {
          EXPECT_EQ(go_on().code, 0);
        }
        EXPECT_EQ(differences_after_interruption(), "");
      },
      kStride);
}

INSTANTIATE_TEST_SUITE_P(Share, AStudy, kAllShares);

}  // namespace
}  // namespace evenkeel
