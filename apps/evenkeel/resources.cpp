#include "resources.h"

#include <sys/resource.h>

#include "evenkeel/base/error.h"
#include "evenkeel/base/threads.h"
#include "output.h"

namespace evenkeel::app {

void check_stack() {
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= kLeastStack) return;
  throw Error{{.kind = Error::environment,
               .where = "the limit of the stack",
               .expected = fmt::format("at least {} KB", kLeastStack >> 10),
               .received = fmt::format("{} KB", limit.rlim_cur >> 10),
               .hint = "`ulimit -s 8192` before the command sets the usual one."}};
}

void claim_threads(const CLI::App& command) {
  const CLI::Option* flag = command.get_option_no_throw("--threads");
  if (flag == nullptr) return;
  const int asked = flag->count() > 0 ? flag->as<int>() : usable_cores();
  const Threads given(asked);
  given.bind();
  const CLI::Option* quiet = command.get_option_no_throw("--quiet");
  if (given.count() < asked && (quiet == nullptr || quiet->count() == 0))
    tell(
        "evenkeel: note: {} of {} threads compute; OpenMP's settings allow no more (OMP_THREAD_LIMIT, "
        "OMP_MAX_ACTIVE_LEVELS)\n",
        given.count(), asked);
}

}  // namespace evenkeel::app
