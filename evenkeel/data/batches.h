#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "evenkeel/data/augmentation.h"
#include "evenkeel/data/dataset.h"

namespace evenkeel {

struct BatchOptions {
  std::int64_t batch_size = 32;
  bool shuffle = true;
  std::uint64_t seed = 0;
  /// false: an epoch ends with a smaller batch (Keras's fit). true: a batch that meets the end of an epoch is filled
  /// up from the start of the next one, newly shuffled (TensorFlow 1's next_batch): every batch is full.
  bool across_epochs = false;
  Augmentation augmentation = {};  ///< of x alone; what an epoch makes of a sample depends on seed, epoch and sample
};

/// Where the next batch begins: all that a resumed run needs to know.
struct BatchPosition {
  std::int64_t epoch = 0;
  std::int64_t offset = 0;  ///< samples of this epoch already given
};

struct Batch {
  Tensor x;               ///< float32 [n, ...]: uint8 pixels keep their values 0 to 255
  Tensor labels;          ///< int32 [n], or empty
  Tensor targets;         ///< float32 [n, K], or empty
  std::int64_t size = 0;  ///< n <= batch_size: x, labels, targets have room for batch_size, rows beyond n are stale
  bool last_of_epoch = false;
  BatchPosition after;  ///< position behind this batch
};

/// Batches in an epoch of so many samples, the smaller last one included; across epochs, how many full ones fit into
/// one.
std::int64_t batches_per_epoch(std::int64_t samples, const BatchOptions& options);

/// The order in which epoch `epoch` visits n samples: a Fisher-Yates shuffle of Philox numbers, the same on every
/// machine.
std::vector<std::uint32_t> epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch);

/// Endless batches of a data set, gathered by a thread in the background, at most two ahead. The order is a pure
/// function of options and position. After the first three batches nothing allocates but an epoch's new order.
class Batches {
 public:
  /// Throws Error if the batch size is below 1 or above the data set's size, or if samples cannot be varied so.
  Batches(Dataset dataset, BatchOptions options, BatchPosition start = {});
  ~Batches();
  Batches(Batches&&) noexcept;

  /// The next batch; the reference holds until the next call. Rethrows what the background thread met.
  const Batch& next();
  std::int64_t per_epoch() const;  ///< as batches_per_epoch

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel
