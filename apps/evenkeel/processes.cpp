#include "processes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "evenkeel/distributed/launch.h"
#include "evenkeel/distributed/messages.h"
#include "output.h"

namespace evenkeel::app {
namespace {

constexpr std::array<std::string_view, 5> kDivided = {"train", "evaluate", "doctor", "study", "plan"};

struct Processes {
  std::optional<Launch> launch;
  std::unique_ptr<Communicator> connected;
  bool begun = false;
};
Processes processes;

bool is_divided(const std::string& command) { return std::ranges::count(kDivided, command) > 0; }

void say_error(const std::string& message) {
  for (const char* part : {"evenkeel: ", message.c_str(), "\n"})  // in parts, because memory may be short
    if (!message.empty()) tell_text(part);
}

/// An error before processes are connected. Mostly all have it, the first one says it, and its end ends all. Who is
/// still there after a while is alone with it (a machine without the plug-in), and the others wait for it.
void say_alone(const std::string& message) {
  std::this_thread::sleep_for(std::chrono::seconds(2));
  be_silent(false);
  say_error("process " + std::to_string(processes.launch->rank) + " of " + std::to_string(processes.launch->size) +
            ": " + message);
  be_silent(true);
}

}  // namespace

void join_launch() {
  processes.launch = launch_of([](const char* name) { return std::getenv(name); });
  if (processes.launch && processes.launch->rank > 0) be_silent(true);
}

bool is_idle_process(const std::string& command) {
  return processes.launch && processes.launch->rank > 0 && !is_divided(command);
}

void connect(const std::string& command) {
  if (!processes.launch || !is_divided(command)) return;
  processes.connected = connect_processes();
  processes.launch->rank = processes.connected->rank();  // which counts, should the launcher's environment say another
  be_silent(!is_first_process());
}

void tell_from_any_process(const std::string& text) {
  if (!among() || is_first_process()) return tell_text(text);
  be_silent(false);
  tell_text(among()->name() + ": " + text);
  be_silent(true);
}

Communicator* among() { return processes.connected.get(); }

bool is_first_process() { return !processes.launch || processes.launch->rank == 0; }

void agree_on(const std::vector<std::pair<std::string, std::string>>& identity) {
  if (!among()) return;
  const Verdict verdict = agree(*among(), {.identity = identity});
  if (verdict.exit_code == 0) return;
  processes.begun = true;  // nothing is left to agree on
  say_error(verdict.message);
  throw EndedTogether{verdict.exit_code};
}

void begin_together() {
  agree_on({});
  processes.begun = true;
}

int end_together(int code) {
  if (!among()) return code;
  if (!processes.begun) {  // another process may have an error where this one had nothing to do
    const Verdict verdict = agree(*among(), {.identity = {{"what is left to do", "nothing"}}});
    say_error(verdict.message);
    code = std::max(code, verdict.exit_code);
  }
  processes.connected.reset();
  return code;
}

int fail_together(const Failure& failure) {
  if (!among()) {
    if (!is_first_process()) say_alone(failure.message);
    say_error(failure.message);
    return failure.code;
  }
  if (processes.begun) {
    be_silent(false);
    if (!failure.message.empty()) say_error(among()->name() + ": " + failure.message);
    among()->abort(failure.code);
  }
  const Verdict verdict = agree(*among(), {.exit_code = failure.code, .error = failure.message});
  say_error(verdict.message);
  processes.connected.reset();
  return verdict.exit_code;
}

}  // namespace evenkeel::app
