#include "evenkeel/data/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/philox.h"
#include "evenkeel/data/prefetch.h"

namespace evenkeel {
namespace {

void check(const Dataset& dataset, const BatchOptions& options, const BatchPosition& start) {
  if (options.batch_size < 1)
    throw Error{{.where = "batch size", .expected = "1 or more", .received = std::to_string(options.batch_size)}};
  if (options.batch_size > dataset.size())
    throw Error{{.where = "batch size",
                 .expected = fmt::format("at most the {} samples of {}", dataset.size(),
                                         dataset.name().empty() ? "the data set" : dataset.name()),
                 .received = std::to_string(options.batch_size),
                 .hint = "Choose a smaller batch or more data."}};
  if (options.batch_size < options.processes)
    throw Error{{.where = "batch size",
                 .expected = fmt::format("at least {}, a sample for each process", options.processes),
                 .received = std::to_string(options.batch_size),
                 .hint = "The batch size is that of all processes together."}};
  if (start.epoch < 0 || start.offset < 0 || start.offset > dataset.size())
    throw Error{{.where = "position in the data",
                 .expected = fmt::format("an epoch of 0 or more and an offset from 0 to {}", dataset.size()),
                 .received = fmt::format("epoch {}, offset {}", start.epoch, start.offset),
                 .hint = "Was it saved with another data set?"}};
  check(options.augmentation, dataset.sample_shape());
  // Images of one sample would be turned and cut in different ways.
  for (std::size_t i = 1; options.augmentation.is_on() && i < dataset.inputs(); ++i)
    if (dataset.sample_shape_of(i).rank() == 3)
      throw Error{{.where = "augmentation",
                   .expected = "images in the first input alone",
                   .received = fmt::format("others in \"{}\"", dataset.input_names()[i])}};
}

Batch empty_batch(const Dataset& dataset, std::int64_t batch_size) {
  Batch batch;
  batch.x = Tensor(dataset.sample_shape().batched(batch_size), DType::float32);
  for (std::size_t i = 1; i < dataset.inputs(); ++i)
    batch.more.emplace_back(dataset.sample_shape_of(i).batched(batch_size), DType::float32);
  if (dataset.has_labels())
    batch.labels = Tensor({batch_size}, DType::int32);
  else if (dataset.has_targets())
    batch.targets = Tensor(dataset.y().shape.with(0, batch_size), DType::float32);
  return batch;
}

/// Copies sample `from` of `source` into row `to`, uint8 as the same number in float32.
void copy_row(const TensorView& source, std::int64_t from, Tensor& target, std::int64_t to) {
  const auto row = static_cast<std::size_t>(source.shape.row_size());
  const std::byte* in = source.data + static_cast<std::size_t>(from) * row * size_of(source.dtype);
  std::byte* out = target.data() + static_cast<std::size_t>(to) * row * size_of(target.dtype());
  if (source.dtype == target.dtype()) {
    std::memcpy(out, in, row * size_of(source.dtype));
    return;
  }
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(in);
  std::copy(pixels, pixels + row, reinterpret_cast<float*>(out));
}

/// The inputs after the first.
std::vector<TensorView> others_of(const Dataset& dataset) {
  std::vector<TensorView> others;
  for (std::size_t i = 1; i < dataset.inputs(); ++i) others.push_back(dataset.input(i));
  return others;
}

/// A batch, and the samples that its rows are made of.
struct PlannedBatch {
  struct Row {
    std::int64_t sample = 0, epoch = 0;
  };
  Batch batch;
  std::vector<Row> rows = {};
};

/// Goes through the samples, epoch by epoch.
class BatchPlanner {
 public:
  BatchPlanner(Dataset dataset, BatchOptions options, BatchPosition start)
      : dataset_(std::move(dataset)),
        options_(std::move(options)),
        reading_order_(options_.order.value_or(dataset_.reading_order())),
        position_(start) {
    if (position_.offset == dataset_.size()) end_epoch();
  }

  void plan(PlannedBatch& planned) {
    Batch& batch = planned.batch;
    planned.rows.clear();
    batch.last_of_epoch = false;
    const std::int64_t left = dataset_.size() - position_.offset;
    const std::int64_t total = options_.across_epochs ? options_.batch_size : std::min(options_.batch_size, left);
    batch.part = part_of(total, options_.rank, options_.processes, options_.unit);
    batch.size = batch.part.size;
    for (std::int64_t i = 0; i < total; ++i) {
      const std::int64_t row = i - batch.part.first;
      // A process without a part has the first sample, so that its batch is valid.
      if ((row >= 0 && row < batch.size) || (i == 0 && batch.size == 0))
        planned.rows.push_back({.sample = sample_at(position_.offset), .epoch = position_.epoch});
      if (++position_.offset == dataset_.size()) {
        end_epoch();
        batch.last_of_epoch = true;
      }
    }
    batch.after = position_;
    if (!dataset_.is_streamed()) return;
    expected_.clear();
    for (const PlannedBatch::Row& row : planned.rows) expected_.push_back(row.sample);
    dataset_.expect(expected_);
  }

 private:
  void end_epoch() { position_ = {position_.epoch + 1, 0}; }

  std::int64_t sample_at(std::int64_t offset) {
    if (!options_.shuffle) return offset;
    if (ordered_epoch_ != position_.epoch) {
      order_ = epoch_order(dataset_.size(), options_.seed, position_.epoch, reading_order_);
      ordered_epoch_ = position_.epoch;
    }
    return order_[static_cast<std::size_t>(offset)];
  }

  Dataset dataset_;
  BatchOptions options_;
  ReadingOrder reading_order_;
  BatchPosition position_;
  std::vector<std::uint32_t> order_;
  std::int64_t ordered_epoch_ = -1;
  std::vector<std::int64_t> expected_;
};

/// Fills rows of batches. Several workers may do so at once.
class BatchFiller {
 public:
  BatchFiller(Dataset dataset, const BatchOptions& options, int workers)
      : dataset_(std::move(dataset)),
        y_(dataset_.y()),
        more_(others_of(dataset_)),
        shape_(dataset_.sample_shape()),
        augmentation_(options.augmentation),
        seed_(options.seed),
        reading_(static_cast<std::size_t>(workers)) {
    for (int i = 0; i < workers; ++i) readers_.push_back(dataset_.reader());
  }

  void fill(PlannedBatch& planned, std::int64_t begin, std::int64_t end, int worker) {
    const auto w = static_cast<std::size_t>(worker);
    for (std::int64_t row = begin; row < end; ++row) {
      const PlannedBatch::Row& of = planned.rows[static_cast<std::size_t>(row)];
      reading_[w].store(of.sample, std::memory_order_relaxed);
      fill_row(readers_[w]->read(of.sample), of, planned.batch, row);
    }
    reading_[w].store(-1, std::memory_order_relaxed);
  }

  /// A file that is being read.
  std::string place() const {
    for (const auto& sample : reading_)
      if (const std::int64_t i = sample.load(std::memory_order_relaxed); i >= 0) return dataset_.place_of(i);
    return {};
  }

 private:
  void fill_row(TensorView x, const PlannedBatch::Row& of, Batch& batch, std::int64_t row) const {
    if (augmentation_.is_on())
      write_varied(x, variation_of(augmentation_, shape_, seed_, of.epoch, of.sample),
                   batch.x.as<float>().data() + row * shape_.size());
    else
      copy_row(x.reshaped(shape_.batched(1)), 0, batch.x, row);
    for (std::size_t i = 0; i < more_.size(); ++i) copy_row(more_[i], of.sample, batch.more[i], row);
    if (dataset_.has_targets()) copy_row(y_, of.sample, dataset_.has_labels() ? batch.labels : batch.targets, row);
  }

  struct Reading : std::atomic<std::int64_t> {
    Reading() : std::atomic<std::int64_t>(-1) {}
  };
  Dataset dataset_;
  TensorView y_;
  std::vector<TensorView> more_;
  Shape shape_;  ///< of a sample
  Augmentation augmentation_;
  std::uint64_t seed_;
  std::vector<std::unique_ptr<SampleSource::Reader>> readers_;  ///< by worker
  std::vector<Reading> reading_;                                ///< the sample that each reads, or -1
};

/// How many batches there is room for, with the one in use.
std::int64_t slots_for(const Dataset& dataset, std::int64_t batch_size) {
  constexpr std::int64_t kUsual = 3, kMost = 16;
  const std::int64_t bytes = dataset.budget().bytes;
  if (bytes == 0) return kUsual;
  const std::int64_t batch = batch_size * (dataset.sample_shape().size() * std::int64_t{sizeof(float)} + 64);
  if (bytes < 2 * batch)
    throw Error{
        {.where = "memory of the stream",
         .expected = fmt::format("room for 2 batches of {} samples, {} MB", batch_size, 2 * batch / 1'000'000 + 1),
         .received = fmt::format("{} MB beside what the program needs", bytes / 1'000'000),
         .hint = "Give it more memory, or choose a smaller batch."}};
  return std::min(bytes / batch, kMost);
}

void shuffle(std::span<std::uint32_t> order, RandomStream& random) {
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
}

std::vector<std::uint32_t> in_file_order(std::int64_t n) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (n < 0 || n > kMost)
    throw Error{
        {.where = "shuffling", .expected = fmt::format("at most {} samples", kMost), .received = std::to_string(n)}};
  std::vector<std::uint32_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0u);
  return order;
}

RandomStream order_stream(std::uint64_t seed, std::int64_t epoch) {
  return RandomStream({.seed = seed, .purpose = Purpose::shuffle, .step = static_cast<std::uint64_t>(epoch)});
}

}  // namespace

std::vector<std::uint32_t> epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::uint32_t> order = in_file_order(n);
  RandomStream random = order_stream(seed, epoch);
  shuffle(order, random);
  return order;
}

std::vector<std::uint32_t> epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch,
                                       const ReadingOrder& reading) {
  if (reading.window <= 0 || reading.window >= n || reading.shard_ends.empty()) return epoch_order(n, seed, epoch);
  if (reading.shard_ends.back() != n || !std::ranges::is_sorted(reading.shard_ends))
    throw Error{{.where = "order of shards",
                 .expected = fmt::format("ascending ends, the last of them {}", n),
                 .received = std::to_string(reading.shard_ends.back())}};
  std::vector<std::uint32_t> shards = in_file_order(std::ssize(reading.shard_ends));
  RandomStream random = order_stream(seed, epoch);
  shuffle(shards, random);
  std::vector<std::uint32_t> order;
  order.reserve(static_cast<std::size_t>(n));
  for (const std::uint32_t shard : shards) {
    const std::int64_t begin = shard == 0 ? 0 : reading.shard_ends[shard - 1];
    for (std::int64_t i = begin; i < reading.shard_ends[shard]; ++i) order.push_back(static_cast<std::uint32_t>(i));
  }
  // Otherwise the same samples would be in a window in each epoch of a single shard.
  std::size_t end = 1 + random.below(static_cast<std::uint32_t>(reading.window));
  for (std::size_t begin = 0; begin < order.size(); begin = end, end += static_cast<std::size_t>(reading.window)) {
    end = std::min(end, order.size());
    shuffle(std::span(order).subspan(begin, end - begin), random);
  }
  return order;
}

std::int64_t batches_per_epoch(std::int64_t samples, const BatchOptions& options) {
  return options.across_epochs ? samples / options.batch_size : (samples + options.batch_size - 1) / options.batch_size;
}

void check_budget(const Dataset& dataset, const BatchOptions& options) {
  slots_for(dataset, part_of(options.batch_size, 0, options.processes, options.unit).size);
}

struct Batches::Impl {
  Impl(const Dataset& dataset, const BatchOptions& options, BatchPosition start)
      : Impl(dataset, options, start, part_of(options.batch_size, 0, options.processes, options.unit).size) {}
  /// `largest`: samples that a batch has room for.
  Impl(const Dataset& dataset, const BatchOptions& options, BatchPosition start, std::int64_t largest)
      : per_epoch(batches_per_epoch(dataset.size(), options)),
        filler(dataset, options, dataset.budget().workers),
        rows_per_part(rows_of_part(dataset, options)),
        prefetcher(empty_batches(dataset, largest), work(BatchPlanner(dataset, options, start)),
                   dataset.budget().workers, waiting(dataset.budget().on_slow)) {}

  /// All rows of samples in memory; few of streamed ones, which take a while each.
  static std::int64_t rows_of_part(const Dataset& dataset, const BatchOptions& options) {
    if (!dataset.is_streamed()) return options.batch_size;
    return std::clamp<std::int64_t>(options.batch_size / (4 * dataset.budget().workers), 1, 16);
  }

  static std::vector<PlannedBatch> empty_batches(const Dataset& dataset, std::int64_t largest) {
    std::vector<PlannedBatch> batches(static_cast<std::size_t>(slots_for(dataset, largest)));
    for (PlannedBatch& planned : batches) {
      planned.batch = empty_batch(dataset, largest);
      planned.rows.reserve(static_cast<std::size_t>(largest));
    }
    return batches;
  }

  Prefetcher<PlannedBatch>::Work work(BatchPlanner first) {
    return {.begin =
                [this, planner = std::move(first)](PlannedBatch& planned) mutable {
                  planner.plan(planned);
                  return (std::ssize(planned.rows) + rows_per_part - 1) / rows_per_part;
                },
            .fill =
                [this](PlannedBatch& planned, std::int64_t part, int worker) {
                  const std::int64_t begin = part * rows_per_part;
                  filler.fill(planned, begin, std::min(begin + rows_per_part, std::ssize(planned.rows)), worker);
                }};
  }

  Prefetcher<PlannedBatch>::Waiting waiting(const OnSlowReading& slow) {
    if (!slow.report) return {};
    return {.first = std::chrono::duration<double>(slow.patience),
            .report = [this, report = slow.report](double seconds) {
              report({.seconds = seconds, .place = filler.place()});
            }};
  }

  std::int64_t per_epoch;
  BatchFiller filler;
  std::int64_t rows_per_part;
  Prefetcher<PlannedBatch> prefetcher;  ///< last member: its threads use the others
};

// NOLINTNEXTLINE(performance-unnecessary-value-param): a data set is a handle
Batches::Batches(Dataset dataset, BatchOptions options, BatchPosition start) {
  check(dataset, options, start);
  impl_ = std::make_unique<Impl>(dataset, options, start);
}
Batches::~Batches() = default;
Batches::Batches(Batches&&) noexcept = default;

const Batch& Batches::next() { return impl_->prefetcher.next().batch; }

std::int64_t Batches::per_epoch() const { return impl_->per_epoch; }

}  // namespace evenkeel
