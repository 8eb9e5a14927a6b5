#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "evenkeel/data/augmentation.h"
#include "evenkeel/data/dataset.h"
#include "evenkeel/distributed/batch_part.h"

namespace evenkeel {

struct BatchOptions {
  std::int64_t batch_size = 32;
  bool shuffle = true;
  std::uint64_t seed = 0;
  /// false: an epoch may end with a smaller batch (as in Keras's fit). true: every batch is full; a batch at the end of
  /// an epoch is filled up from the start of the next one, which is shuffled again (TensorFlow 1's next_batch).
  bool across_epochs = false;
  /// Of each batch only the part of this process is given; the order and the batches' sizes are those of one process.
  int rank = 0, processes = 1;
  std::int64_t unit = 1;           ///< samples that stay together (part_of)
  Augmentation augmentation = {};  ///< of x; depends on seed, epoch and sample; not if other inputs are images too
  std::optional<ReadingOrder> order = {};  ///< of shuffling; absent: the data set's
};

/// Where the next batch begins. A resumed run needs nothing else.
struct BatchPosition {
  std::int64_t epoch = 0;
  std::int64_t offset = 0;  ///< samples of this epoch already given
};

struct Batch {
  Tensor x;        ///< float32 [n, ...]: uint8 pixels keep their values 0 to 255; for the model's first input
  Tensor labels;   ///< int32 [n], or empty
  Tensor targets;  ///< float32 [n, K], or empty
  std::int64_t size =
      0;  ///< n <= batch_size: the tensors have room for batch_size samples; rows from n on are undefined
  bool last_of_epoch = false;
  /// With several processes: what the batch is a part of. Where that has size 0, row 0 is one that does not count.
  BatchPart part = {};
  BatchPosition after;            ///< the position after this batch
  std::vector<Tensor> more = {};  ///< like x, for the model's other inputs
  const Tensor& input(std::size_t i) const { return i == 0 ? x : more[i - 1]; }
};

/// The number of batches in an epoch of so many samples, including a smaller last one. With across_epochs: of the full
/// ones.
std::int64_t batches_per_epoch(std::int64_t samples, const BatchOptions& options);

/// The order in which epoch `epoch` visits n samples: a Fisher-Yates shuffle with Philox numbers, the same on every
/// machine.
std::vector<std::uint32_t> epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch);

/// The same for samples in shards: a pure function of its arguments. The shards are shuffled; their samples, in the
/// order of the shards, are cut into windows, the first of random length; each window is shuffled. So a window's
/// samples are in few shards. If the window is 0 or holds all samples, it is the order above.
std::vector<std::uint32_t> epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch,
                                       const ReadingOrder& order);

/// Throws Error if what reading ahead may take (Dataset::budget) has no room for two batches.
void check_budget(const Dataset& dataset, const BatchOptions& options);

/// Endless batches of a data set, gathered by background threads: one, at most two batches ahead; of streamed sets,
/// as many of both as their budget says. The order is a pure function of options and position. After the first three
/// batches of samples in memory only the order of a new epoch allocates memory.
class Batches {
 public:
  /// Begins with the batch at `start`. Throws Error if the batch size is below 1 or above the data set's size, or if
  /// the samples do not fit the augmentation, or the budget is too small for two batches.
  Batches(Dataset dataset, BatchOptions options, BatchPosition start = {});
  ~Batches();
  Batches(Batches&&) noexcept;

  /// The next batch; the reference is valid until the next call. Rethrows an exception of the background thread.
  const Batch& next();
  std::int64_t per_epoch() const;  ///< as batches_per_epoch

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel
