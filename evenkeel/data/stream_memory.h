#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace evenkeel {

/// A number of bytes that threads share. A thread that needs more than is free waits for the others; one that needs
/// more than there is gets it when no other has any.
class SharedMemory {
 public:
  /// 0: no bound.
  explicit SharedMemory(std::int64_t bytes) : bytes_(bytes) {}

  /// Bytes that are given back by the destructor.
  class Part {
   public:
    Part(SharedMemory& all, std::int64_t bytes) : all_(all), bytes_(bytes) {
      std::unique_lock lock(all_.mutex_);
      all_.changed_.wait(lock,
                         [this] { return all_.bytes_ == 0 || all_.used_ == 0 || all_.used_ + bytes_ <= all_.bytes_; });
      all_.used_ += bytes_;
    }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    ~Part() {
      {
        const std::lock_guard lock(all_.mutex_);
        all_.used_ -= bytes_;
      }
      all_.changed_.notify_all();
    }

   private:
    SharedMemory& all_;
    std::int64_t bytes_;
  };

 private:
  std::int64_t bytes_, used_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace evenkeel
