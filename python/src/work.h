#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>

namespace evenkeel::python {

/// Thrown on the worker's thread where work that has no stop token is to end.
struct Interrupted {};

/// Work of the library on a thread of its own, while the thread that called from Python waits without the GIL, looks
/// for Ctrl-C, and calls Python where the work asks for that. So no signal handler runs on a thread that is in one of
/// oneDNN's kernels (docs/library.md says why), and callbacks and progress bars run on the thread that users expect.
class Work {
 public:
  /// Runs `body` on a worker. The GIL is held before and afterwards. `lock` is held while it runs; it is taken by the
  /// calling thread, so that a callback may use what it locks. Throws what the body throws, and KeyboardInterrupt, or
  /// what a signal handler raised, once the body has ended.
  static void run(std::recursive_mutex* lock, const std::function<void(Work&)>& body);

  // For the body.
  std::stop_token token() const { return stop_.get_token(); }
  /// Throws Interrupted after Ctrl-C.
  void check() const {
    if (stop_.stop_requested()) throw Interrupted();
  }
  /// Runs `f` on the calling thread, with the GIL. Throws what it throws.
  void ask(const std::function<void()>& f);
  /// Whether a tenth of a second has passed since it was last true.
  bool due();

 private:
  void wait();    ///< the calling thread, without the GIL
  void answer();  ///< what was asked
  void look_for_signals();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::stop_source stop_;
  const std::function<void()>* asked_ = nullptr;
  std::exception_ptr answer_, error_, signal_;
  bool done_ = false;
  std::chrono::steady_clock::time_point shown_{};
};

/// A progress bar of Python: `show(done, of, text)`, or None. Calls it at most ten times a second, and at the end.
void show(Work& work, const nanobind::object& progress, std::int64_t done, std::int64_t of, const std::string& text);

}  // namespace evenkeel::python
