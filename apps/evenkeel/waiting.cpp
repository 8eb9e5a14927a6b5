#include "waiting.h"

#include <unistd.h>

#include <cstdlib>

namespace evenkeel::app {

void wait_briefly(char** command_line) {
  // Half a millisecond, where a round takes 50 ns: longer than what lies between two ops, shorter than a time slice.
  constexpr const char *kSpins = "GOMP_SPINCOUNT", *kBriefly = "10000";
  if (std::getenv(kSpins) != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  if (setenv(kSpins, kBriefly, 1) != 0) return;
  execv("/proc/self/exe", command_line);
  unsetenv(kSpins);
}

}  // namespace evenkeel::app
