#include "tests/support/run_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace evenkeel {

RunningProgram::RunningProgram(const std::vector<std::string>& arguments, const std::string& in,
                               const std::vector<std::string>& under)
    : out_file_(in + "/.stdout") {
  std::vector<std::string> words = under;
  words.emplace_back(EVENKEEL_PROGRAM);
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, in.c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  const int problem = posix_spawnp(&process_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  errors_ = ends[0];
  if (problem != 0) throw std::runtime_error("cannot start " + words[0]);
}

RunningProgram::~RunningProgram() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  close(errors_);
}

std::string RunningProgram::read_line() {
  while (unread_.find('\n') == std::string::npos) {
    std::array<char, 4096> buffer{};
    const ssize_t n = read(errors_, buffer.data(), buffer.size());
    if (n <= 0) break;
    unread_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  const std::size_t end = std::min(unread_.find('\n'), unread_.size());
  const std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

void RunningProgram::send(int signal) const { kill(process_, signal); }

bool RunningProgram::wait_until_stopped() const {
  siginfo_t state{};
  return waitid(P_PID, static_cast<id_t>(process_), &state, WSTOPPED | WEXITED | WNOWAIT) == 0 &&
         state.si_code == CLD_STOPPED;
}

RunningProgram::Result RunningProgram::wait() {
  Result result;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = read(errors_, buffer.data(), buffer.size())) > 0;)
    unread_.append(buffer.data(), static_cast<std::size_t>(n));
  result.err = unread_;
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  std::ifstream out(out_file_, std::ios::binary);
  result.out.assign(std::istreambuf_iterator<char>(out), {});
  return result;
}

}  // namespace evenkeel
