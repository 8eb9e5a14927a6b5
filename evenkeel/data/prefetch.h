#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace evenkeel {

/// Fills items in background threads ahead of their use. Items have parts, which several threads fill at once; all
/// parts of an item are begun before those of the next one, so the first item is ready as soon as it can be. The user
/// holds one of the slots. The destructor lets the threads finish their current parts, then stops them.
template <class Item>
class Prefetcher {
 public:
  struct Work {
    /// Prepares the next item and returns how many parts it has, at least 1. Called by one thread at a time, in order.
    std::function<std::int64_t(Item&)> begin;
    /// Fills a part. Called by several threads at a time; `worker` is below the number of workers.
    std::function<void(Item&, std::int64_t part, int worker)> fill;
  };
  /// A wait that takes long: `report` is called with its seconds after `first`, and then after twice as many each time.
  struct Waiting {
    std::chrono::duration<double> first{10};
    std::function<void(double seconds)> report = {};
  };

  Prefetcher(std::vector<Item> slots, Work work, int workers = 1, Waiting waiting = {})
      : slots_(slots.size()), work_(std::move(work)), waiting_(std::move(waiting)) {
    for (std::size_t i = 0; i < slots.size(); ++i) slots_[i].item = std::move(slots[i]);
    threads_.reserve(static_cast<std::size_t>(workers));
    for (int worker = 0; worker < workers; ++worker)
      threads_.emplace_back([this, worker](std::stop_token stop) { run(stop, worker); });
  }
  /// Three slots, one thread, and items of one part.
  Prefetcher(std::array<Item, 3> slots, std::function<void(Item&)> fill)
      : Prefetcher(std::vector<Item>(std::make_move_iterator(slots.begin()), std::make_move_iterator(slots.end())),
                   {.begin = [](Item&) { return 1; },
                    .fill = [fill = std::move(fill)](Item& item, std::int64_t, int) { fill(item); }}) {}
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  ~Prefetcher() {
    for (std::jthread& thread : threads_) thread.request_stop();  // all, before the first is waited for
  }

  /// The next item; the reference is valid until the next call. If filling failed, the items before are still returned;
  /// then every call rethrows the exception: of several, that of the first part.
  const Item& next() {
    std::unique_lock lock(mutex_);
    if (given_ > released_) {
      ++released_;
      changed_.notify_all();
    }
    const auto is_ready = [this] { return filled_ > given_ || (failure_ && busy_ == 0); };
    if (waiting_.report) {
      auto patience = waiting_.first, waited = patience;
      while (!changed_.wait_for(lock, patience, is_ready)) {
        lock.unlock();
        waiting_.report(waited.count());
        lock.lock();
        patience = waited;
        waited += patience;
      }
    } else {
      changed_.wait(lock, is_ready);
    }
    if (filled_ == given_) std::rethrow_exception(failure_->exception);
    return slot(given_++).item;
  }

 private:
  struct Slot {
    Item item = {};
    std::int64_t parts = 0, begun = 0, done = 0;
  };
  struct Part {
    std::size_t item = 0;
    std::int64_t index = 0;
    bool operator<(const Part& other) const { return std::pair(item, index) < std::pair(other.item, other.index); }
  };
  struct Failure {
    Part part;
    std::exception_ptr exception;
  };

  Slot& slot(std::size_t item) { return slots_[item % slots_.size()]; }
  bool has_part() { return begun_ > 0 && slot(begun_ - 1).begun < slot(begun_ - 1).parts; }
  bool may_begin() const { return !beginning_ && begun_ - released_ < slots_.size(); }

  void fail(Part part) {
    if (!failure_ || part < failure_->part) failure_ = Failure{part, std::current_exception()};
  }

  /// Does the work without the lock.
  template <class F>
  void unlocked(std::unique_lock<std::mutex>& lock, Part part, F&& work) {
    ++busy_;
    lock.unlock();
    try {
      work();
      lock.lock();
    } catch (...) {
      lock.lock();
      fail(part);
    }
    --busy_;
  }

  void begin_next(std::unique_lock<std::mutex>& lock) {
    Slot& next = slot(begun_);
    beginning_ = true;
    std::int64_t parts = 0;
    unlocked(lock, {begun_, -1}, [&] { parts = work_.begin(next.item); });
    beginning_ = false;
    if (failure_) return;
    next.parts = parts;
    next.begun = next.done = 0;
    ++begun_;
  }

  void fill_part(std::unique_lock<std::mutex>& lock, int worker) {
    const Part part{begun_ - 1, slot(begun_ - 1).begun++};
    Slot& filled = slot(part.item);
    unlocked(lock, part, [&] { work_.fill(filled.item, part.index, worker); });
    ++filled.done;
    const std::size_t end = failure_ ? failure_->part.item : begun_;
    while (filled_ < std::min(begun_, end) && slot(filled_).done == slot(filled_).parts) ++filled_;
  }

  void run(const std::stop_token& stop, int worker) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return failure_ || has_part() || may_begin(); })) {
      if (stop.stop_requested() || failure_) return;
      if (has_part())
        fill_part(lock, worker);
      else
        begin_next(lock);
      changed_.notify_all();
    }
  }

  std::vector<Slot> slots_;
  Work work_;
  Waiting waiting_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  /// Items begun, filled, given out, and given back so far. Item i is in slot i modulo their number.
  std::size_t begun_ = 0, filled_ = 0, given_ = 0, released_ = 0;
  bool beginning_ = false;
  int busy_ = 0;  ///< threads that work
  std::optional<Failure> failure_;
  std::vector<std::jthread> threads_;  ///< last member: it starts after all others exist, and ends before them
};

}  // namespace evenkeel
