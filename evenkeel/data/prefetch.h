#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace evenkeel {

/// Fills items in a background thread ahead of their use: three slots, of which the user holds one. `fill` is called
/// from that thread alone, one item after the other. The destructor lets the thread finish its current item, then stops
/// it.
template <class Item>
class Prefetcher {
 public:
  using Fill = std::function<void(Item&)>;

  Prefetcher(std::array<Item, 3> slots, Fill fill)
      : slots_(std::move(slots)), fill_(std::move(fill)), thread_([this](std::stop_token stop) { work(stop); }) {}
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next item; the reference is valid until the next call. If `fill` threw, the items filled before are still
  /// returned; then every call rethrows the exception.
  const Item& next() {
    std::unique_lock lock(mutex_);
    if (given_ > released_) {
      ++released_;
      changed_.notify_all();
    }
    changed_.wait(lock, [this] { return filled_ > given_ || failure_; });
    if (filled_ == given_) std::rethrow_exception(failure_);
    return slots_[given_++ % slots_.size()];
  }

 private:
  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return filled_ - released_ < slots_.size(); })) {
      if (stop.stop_requested()) return;
      lock.unlock();
      try {
        fill_(slots_[filled_ % slots_.size()]);
      } catch (...) {
        lock.lock();
        failure_ = std::current_exception();
        changed_.notify_all();
        return;
      }
      lock.lock();
      ++filled_;
      changed_.notify_all();
    }
  }

  std::array<Item, 3> slots_;
  Fill fill_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  /// Items filled, given out, and given back so far; only the thread changes filled_. Item i is in slot i % 3.
  std::size_t filled_ = 0, given_ = 0, released_ = 0;
  std::exception_ptr failure_;
  std::jthread thread_;  ///< last member: it starts after all others exist, and ends before they are destroyed
};

}  // namespace evenkeel
