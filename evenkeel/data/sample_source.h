#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// How an epoch goes through samples that are read from shards. With shuffling, the shards come in a random order, and
/// their samples are shuffled within a window of so many of them: so few shards are read at a time. A window that holds
/// all samples shuffles them as those in memory are.
struct ReadingOrder {
  std::vector<std::int64_t> shard_ends = {};  ///< shard i has the samples from the end before to this one
  std::int64_t window = 0;                    ///< 0: all
  bool operator==(const ReadingOrder&) const = default;
};

/// A batch that is waited for.
struct SlowReading {
  double seconds = 0;  ///< so far
  std::string place;   ///< a file that is being read; empty if that is not known
};
/// Called while a batch is waited for, after `patience` and then after twice as many seconds each time.
struct OnSlowReading {
  double patience = 10;
  std::function<void(const SlowReading&)> report = {};
};

/// Samples that are made when they are needed, instead of being in memory (Dataset). It does not change.
class SampleSource {
 public:
  /// Makes samples for one thread.
  class Reader {
   public:
    virtual ~Reader() = default;
    /// The elements of a sample, valid until the next call. Throws Error if it cannot be read.
    virtual TensorView read(std::int64_t sample) = 0;
  };
  struct Budget {
    int workers = 1;         ///< threads that make samples
    std::int64_t bytes = 0;  ///< of batches that are filled ahead, and the one in use; 0: three of them
    OnSlowReading on_slow = {};
  };

  virtual ~SampleSource() = default;
  virtual std::int64_t size() const = 0;
  virtual Shape shape() const = 0;  ///< of a sample
  virtual DType dtype() const = 0;
  virtual std::unique_ptr<Reader> reader() const = 0;
  /// Told which samples will be read soon, to read ahead. Does not wait.
  virtual void expect(std::span<const std::int64_t> samples) const = 0;
  /// The file of a sample, for people; nothing is read.
  virtual std::string place_of(std::int64_t sample) const = 0;
  /// The sample's name; may be read from a file.
  virtual std::string name_of(std::int64_t sample) const = 0;
  virtual ReadingOrder order() const = 0;
  virtual Budget budget() const = 0;
  /// Of names, sizes and labels, not of the samples' elements: 8 hexadecimal digits.
  virtual std::string fingerprint() const = 0;
};

}  // namespace evenkeel
