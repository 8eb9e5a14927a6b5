#include "evenkeel/base/cpu.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// How the program's threads wait, as OpenMP itself reports.
class Waiting : public App {
 protected:
  void SetUp() override {
    if (Machine::here().cores < 2) GTEST_SKIP() << "one core: no thread waits for another";
  }
  std::string settings(const std::string& threads, const std::string& environment) {
    return run({"plan", "model.toml", "--threads", threads},
               {"env", "-u", "GOMP_SPINCOUNT", "-u", "OMP_WAIT_POLICY", "OMP_DISPLAY_ENV=verbose", environment})
        .err;
  }
};

constexpr const char* kBriefly = "GOMP_SPINCOUNT = '10000'";

TEST_F(Waiting, IsBriefWhereThereAreThreadsToWaitFor) {
  EXPECT_SAYS(settings("2", "A=1"), kBriefly);
  EXPECT_EQ(settings("1", "A=1").find(kBriefly), std::string::npos);
}

TEST_F(Waiting, IsAsTheUsersEnvironmentHasIt) {
  EXPECT_SAYS(settings("2", "GOMP_SPINCOUNT=77"), "GOMP_SPINCOUNT = '77'");
  EXPECT_EQ(settings("2", "OMP_WAIT_POLICY=active").find(kBriefly), std::string::npos);
}

}  // namespace
}  // namespace evenkeel
