#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace evenkeel::app {

/// While it lives, SIGINT and SIGTERM become a stop request; a second one ends the program at once with exit code 130,
/// whatever its threads do. One at a time. Afterwards signals are still taken: was_interrupted.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  std::stop_token token() const { return source_.get_token(); }
  /// Whether a signal came, even if the token does not know of it yet.
  bool requested() const;

 private:
  std::stop_source source_;
  std::jthread watcher_;
};

/// SIGINT and SIGTERM are taken by a thread of its own from now on, and by none that is started later. A handler
/// on a thread in a kernel of oneDNN corrupted the heap in 2 of 100 runs, probably because compiled kernels keep data
/// below their stack. Call it before any thread.
void keep_signals_from_kernels();

/// Whether a signal came to the newest Interruption, also while what it interrupts was put away.
bool was_interrupted();

}  // namespace evenkeel::app
