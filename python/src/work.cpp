#include "work.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "evenkeel/base/threads.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

/// Threads that compute, one for each piece of work that runs at the same time. They stay, because OpenMP keeps a team
/// for each. They take no signals, and neither do the threads that they start.
class Pool {
 public:
  void start(std::function<void()> task) {
    std::unique_lock lock(mutex_);
    if (idle_.empty()) {
      lock.unlock();
      return launch(std::move(task));
    }
    Seat* const seat = idle_.back();
    idle_.pop_back();
    lock.unlock();
    const std::lock_guard guard(seat->mutex);
    seat->task = std::move(task);
    seat->changed.notify_one();
  }

 private:
  struct Seat {
    std::mutex mutex;
    std::condition_variable changed;
    std::function<void()> task;
  };

  void launch(std::function<void()> task) {
    auto seat = std::make_unique<Seat>();
    seat->task = std::move(task);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      std::thread([this, own = seat.get()] { work(*own); }).detach();
    } catch (...) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    static_cast<void>(seat.release());  // its thread never ends
  }

  void work(Seat& seat) {
    while (true) {
      std::function<void()> task;
      {
        std::unique_lock lock(seat.mutex);
        seat.changed.wait(lock, [&] { return seat.task != nullptr; });
        std::swap(task, seat.task);
      }
      task();
      task = nullptr;
      const std::lock_guard lock(mutex_);
      idle_.push_back(&seat);
    }
  }

  std::mutex mutex_;
  std::vector<Seat*> idle_;
};

std::atomic<Pool*> pool = nullptr;

/// A forked process has none of the threads: it begins with a pool of its own.
void begin_anew() { pool = new Pool; }

Pool& workers() {
  static const int registered = (begin_anew(), pthread_atfork(nullptr, nullptr, begin_anew));
  static_cast<void>(registered);
  return *pool;
}

}  // namespace

void Work::run(std::recursive_mutex* lock, const std::function<void(Work&)>& body) {
  Work work;
  {
    const nb::gil_scoped_release released;
    std::unique_lock<std::recursive_mutex> held;
    if (lock) held = std::unique_lock(*lock);
    workers().start([&] {
      std::exception_ptr error;
      try {
        Threads().bind();  // whatever the worker did before
        body(work);
      } catch (...) {
        error = std::current_exception();
      }
      const std::lock_guard guard(work.mutex_);
      work.error_ = std::move(error);
      work.done_ = true;
      work.changed_.notify_all();
    });
    work.wait();
  }
  if (work.signal_) std::rethrow_exception(work.signal_);
  if (work.error_) std::rethrow_exception(work.error_);
}

void Work::wait() {
  using namespace std::chrono_literals;
  std::unique_lock lock(mutex_);
  while (!done_) {
    if (asked_) {
      lock.unlock();
      answer();
      lock.lock();
    } else if (!changed_.wait_for(lock, 50ms, [&] { return done_ || asked_; })) {
      lock.unlock();
      look_for_signals();
      lock.lock();
    }
  }
}

void Work::look_for_signals() {
  const nb::gil_scoped_acquire gil;
  if (signal_ || PyErr_CheckSignals() == 0) return;
  signal_ = std::make_exception_ptr(nb::python_error());
  stop_.request_stop();
}

void Work::answer() {
  std::exception_ptr error;
  {
    const nb::gil_scoped_acquire gil;
    try {
      (*asked_)();
    } catch (...) {
      error = std::current_exception();
    }
  }
  const std::lock_guard lock(mutex_);
  answer_ = std::move(error);
  asked_ = nullptr;
  changed_.notify_all();
}

void Work::ask(const std::function<void()>& f) {
  std::unique_lock lock(mutex_);
  asked_ = &f;
  changed_.notify_all();
  changed_.wait(lock, [&] { return asked_ == nullptr; });
  if (answer_) std::rethrow_exception(std::exchange(answer_, nullptr));
}

bool Work::due() {
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_ < std::chrono::milliseconds(100)) return false;
  shown_ = now;
  return true;
}

void show(Work& work, const nb::object& progress, std::int64_t done, std::int64_t of, const std::string& text) {
  work.check();
  if (progress.is_none() || (!work.due() && done < of)) return;
  work.ask([&] { progress(done, of, text); });
}

}  // namespace evenkeel::python
