#include "interruption.h"

#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "commands.h"

namespace evenkeel::app {
namespace {

std::atomic<int> signals = 0;
sem_t signalled;

/// Runs in a thread that does nothing else (keep_signals_from_kernels), so one that waits for ever cannot keep the
/// second signal from ending the program.
void take_signal(int) {
  if (signals.fetch_add(1) > 0) _exit(kInterrupted);
  const int before = errno;
  sem_post(&signalled);
  errno = before;
}

}  // namespace

Interruption::Interruption() {
  if (signals > 0) source_.request_stop();
  sem_init(&signalled, 0, 0);
  watcher_ = std::jthread([this](const std::stop_token& over) {
    while (sem_wait(&signalled) != 0) {
    }
    if (!over.stop_requested()) source_.request_stop();
  });
  struct sigaction action {};
  action.sa_handler = take_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interruption::requested() const { return signals > 0; }

void keep_signals_from_kernels() {
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &both, nullptr);
  try {
    std::thread([both] {
      pthread_sigmask(SIG_UNBLOCK, &both, nullptr);
      while (true) pause();
    }).detach();
  } catch (const std::system_error&) {  // no thread can be started: then none computes beside this one either
    pthread_sigmask(SIG_UNBLOCK, &both, nullptr);
  }
}

bool was_interrupted() { return signals > 0; }

Interruption::~Interruption() {
  watcher_.request_stop();
  sem_post(&signalled);
  watcher_.join();
}

}  // namespace evenkeel::app
