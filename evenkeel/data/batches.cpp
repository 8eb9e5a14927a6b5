#include "evenkeel/data/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// Goes through the samples, epoch by epoch, in the background thread.
class Gatherer {
 public:
  Gatherer(Dataset dataset, BatchOptions options, BatchPosition start)
      : dataset_(std::move(dataset)),
        x_(dataset_.x()),
        y_(dataset_.y()),
        more_(others_of(dataset_)),
        shape_(dataset_.sample_shape()),
        options_(options),
        position_(start) {
    if (position_.offset == dataset_.size()) end_epoch();
  }

  void fill(Batch& batch) {
    batch.last_of_epoch = false;
    const std::int64_t left = dataset_.size() - position_.offset;
    const std::int64_t total = options_.across_epochs ? options_.batch_size : std::min(options_.batch_size, left);
    batch.part = part_of(total, options_.rank, options_.processes, options_.unit);
    batch.size = batch.part.size;
    for (std::int64_t i = 0; i < total; ++i) {
      const std::int64_t row = i - batch.part.first;
      if (row >= 0 && row < batch.size) copy_sample(sample_at(position_.offset), batch, row);
      if (i == 0 && batch.size == 0) copy_sample(sample_at(position_.offset), batch, 0);
      if (++position_.offset == dataset_.size()) {
        end_epoch();
        batch.last_of_epoch = true;
      }
    }
    batch.after = position_;
  }

 private:
  void end_epoch() { position_ = {position_.epoch + 1, 0}; }

  std::int64_t sample_at(std::int64_t offset) {
    if (!options_.shuffle) return offset;
    if (ordered_epoch_ != position_.epoch) {
      order_ = epoch_order(dataset_.size(), options_.seed, position_.epoch);
      ordered_epoch_ = position_.epoch;
    }
    return order_[static_cast<std::size_t>(offset)];
  }

  void copy_sample(std::int64_t sample, Batch& batch, std::int64_t row) const {
    if (options_.augmentation.is_on())
      vary(sample, batch.x, row);
    else
      copy_row(x_, sample, batch.x, row);
    for (std::size_t i = 0; i < more_.size(); ++i) copy_row(more_[i], sample, batch.more[i], row);
    if (dataset_.has_targets()) copy_row(y_, sample, dataset_.has_labels() ? batch.labels : batch.targets, row);
  }

  void vary(std::int64_t sample, Tensor& x, std::int64_t row) const {
    const TensorView image = x_.rows(sample, sample + 1).reshaped(shape_);
    const Variation variation = variation_of(options_.augmentation, shape_, options_.seed, position_.epoch, sample);
    write_varied(image, variation, x.as<float>().data() + row * shape_.size());
  }

  Dataset dataset_;
  TensorView x_, y_;
  std::vector<TensorView> more_;
  Shape shape_;  ///< of a sample
  BatchOptions options_;
  BatchPosition position_;
  std::vector<std::uint32_t> order_;
  std::int64_t ordered_epoch_ = -1;
};

}  // namespace

std::vector<std::uint32_t> epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (n < 0 || n > kMost)
    throw Error{
        {.where = "shuffling", .expected = fmt::format("at most {} samples", kMost), .received = std::to_string(n)}};
  std::vector<std::uint32_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0u);
  RandomStream random({.seed = seed, .purpose = Purpose::shuffle, .step = static_cast<std::uint64_t>(epoch)});
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  return order;
}

std::int64_t batches_per_epoch(std::int64_t samples, const BatchOptions& options) {
  return options.across_epochs ? samples / options.batch_size : (samples + options.batch_size - 1) / options.batch_size;
}

struct Batches::Impl {
  Impl(const Dataset& dataset, const BatchOptions& options, BatchPosition start)
      : Impl(dataset, options, start, part_of(options.batch_size, 0, options.processes, options.unit).size) {}
  /// `largest`: samples that a batch has room for.
  Impl(const Dataset& dataset, const BatchOptions& options, BatchPosition start, std::int64_t largest)
      : per_epoch(batches_per_epoch(dataset.size(), options)),
        prefetcher({empty_batch(dataset, largest), empty_batch(dataset, largest), empty_batch(dataset, largest)},
                   [gatherer = Gatherer(dataset, options, start)](Batch& batch) mutable { gatherer.fill(batch); }) {}

  std::int64_t per_epoch;
  Prefetcher<Batch> prefetcher;
};

// NOLINTNEXTLINE(performance-unnecessary-value-param): a data set is a handle
Batches::Batches(Dataset dataset, BatchOptions options, BatchPosition start) {
  check(dataset, options, start);
  impl_ = std::make_unique<Impl>(dataset, options, start);
}
Batches::~Batches() = default;
Batches::Batches(Batches&&) noexcept = default;

const Batch& Batches::next() { return impl_->prefetcher.next(); }

std::int64_t Batches::per_epoch() const { return impl_->per_epoch; }

}  // namespace evenkeel
