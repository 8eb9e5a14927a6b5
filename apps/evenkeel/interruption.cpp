#include "interruption.h"

#include <pthread.h>
#include <unistd.h>

#include "commands.h"

namespace evenkeel::app {

Interruption::Interruption() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  watcher_ = std::jthread([this](const std::stop_token& over) {
    for (int signal = 0; sigwait(&signals_, &signal) == 0 && !over.stop_requested();)
      if (!source_.request_stop()) _exit(kInterrupted);
  });
}

Interruption::~Interruption() {
  watcher_.request_stop();
  // Wakes the watcher, which sees that it is over.
  pthread_kill(watcher_.native_handle(), SIGTERM);
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace evenkeel::app
