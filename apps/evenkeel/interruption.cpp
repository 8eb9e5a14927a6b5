#include "interruption.h"

#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "commands.h"

namespace evenkeel::app {
namespace {

std::atomic<int> signals = 0;
sem_t signalled;

/// Runs in whichever thread the signal finds, so a thread that waits for ever cannot keep the second one from ending
/// the program.
void take_signal(int) {
  if (signals.fetch_add(1) > 0) _exit(kInterrupted);
  const int before = errno;
  sem_post(&signalled);
  errno = before;
}

}  // namespace

Interruption::Interruption() {
  signals = 0;
  sem_init(&signalled, 0, 0);
  watcher_ = std::jthread([this](const std::stop_token& over) {
    while (sem_wait(&signalled) != 0) {
    }
    if (!over.stop_requested()) source_.request_stop();
  });
  struct sigaction action {};
  action.sa_handler = take_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &interrupt_before_);
  sigaction(SIGTERM, &action, &terminate_before_);
}

bool Interruption::requested() const { return signals > 0; }

bool was_interrupted() { return signals > 0; }

Interruption::~Interruption() {
  sigaction(SIGINT, &interrupt_before_, nullptr);
  sigaction(SIGTERM, &terminate_before_, nullptr);
  watcher_.request_stop();
  sem_post(&signalled);
  watcher_.join();
}

}  // namespace evenkeel::app
