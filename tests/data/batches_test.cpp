#include "evenkeel/data/batches.h"

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <utility>

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// The samples (by value) of the next `count` batches, one list per batch.
std::vector<std::vector<float>> take(Batches& batches, int count) {
  std::vector<std::vector<float>> taken;
  for (int i = 0; i < count; ++i) {
    const Batch& batch = batches.next();
    const auto x = batch.x.as<float>();
    taken.emplace_back(x.begin(), x.begin() + batch.size);
  }
  return taken;
}

std::vector<float> flat(const std::vector<std::vector<float>>& lists) {
  std::vector<float> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

bool is_every_sample_once(std::vector<float> samples, std::int64_t n) {
  std::vector<float> wanted(static_cast<std::size_t>(n));
  std::iota(wanted.begin(), wanted.end(), 0.0f);
  std::ranges::sort(samples);
  return samples == wanted;
}

TEST(EpochOrder, IsAPermutation) {
  auto order = epoch_order(1000, 3, 7);
  std::ranges::sort(order);
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(order[i], i);
}

TEST(EpochOrder, IsTheSameOnEveryMachine) {
  // By a second implementation, in Python.
  EXPECT_EQ(epoch_order(8, 0, 0), (std::vector<std::uint32_t>{3, 6, 1, 4, 7, 0, 2, 5}));
}

TEST(EpochOrder, DependsOnSeedAndEpoch) {
  EXPECT_NE(epoch_order(100, 0, 0), epoch_order(100, 1, 0));
  EXPECT_NE(epoch_order(100, 0, 0), epoch_order(100, 0, 1));
}

TEST(EpochOrder, PutsEverySampleInEveryPlaceEquallyOften) {
  constexpr int kEpochs = 6000;
  std::array<std::array<int, 4>, 4> counts{};
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto order = epoch_order(4, 5, epoch);
    for (std::size_t place = 0; place < 4; ++place) ++counts[place][order[place]];
  }
  for (const auto& place : counts)
    for (int count : place) EXPECT_NEAR(count, kEpochs / 4, 170);  // five standard deviations
}

TEST(EpochOrder, OfNothingIsEmpty) { EXPECT_TRUE(epoch_order(0, 0, 0).empty()); }

TEST(EpochOrder, RefusesMoreSamplesThanItCanNumber) {
  EXPECT_SAYS(error_of([] { epoch_order(std::int64_t{1} << 32, 0, 0); }), "at most 4294967295 samples");
}

TEST(Batches, EndAnEpochWithTheRemainder) {
  Batches batches(counting_dataset(10), {.batch_size = 4});
  std::vector<std::int64_t> sizes;
  std::vector<bool> last;
  for (int i = 0; i < 6; ++i) {
    const Batch& batch = batches.next();
    sizes.push_back(batch.size);
    last.push_back(batch.last_of_epoch);
  }
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{4, 4, 2, 4, 4, 2}));
  EXPECT_EQ(last, (std::vector<bool>{false, false, true, false, false, true}));
}

TEST(Batches, KeepTheirShapeWhenRagged) {
  Batches batches(counting_dataset(5), {.batch_size = 4});
  batches.next();
  const Batch& ragged = batches.next();
  EXPECT_EQ(ragged.size, 1);
  EXPECT_EQ(ragged.x.shape(), (Shape{4, 1}));
  EXPECT_EQ(ragged.labels.shape(), Shape{4});
}

TEST(Batches, HaveNoRaggedOneWhenTheSizeDivides) {
  Batches batches(counting_dataset(8), {.batch_size = 4});
  EXPECT_FALSE(batches.next().last_of_epoch);
  const Batch& second = batches.next();
  EXPECT_EQ(second.size, 4);
  EXPECT_TRUE(second.last_of_epoch);
}

TEST(Batches, CountTheRaggedOneInAnEpoch) {
  EXPECT_EQ(Batches(counting_dataset(10), {.batch_size = 4}).per_epoch(), 3);
  EXPECT_EQ(Batches(counting_dataset(8), {.batch_size = 4}).per_epoch(), 2);
}

TEST(Batches, CountOnlyFullOnesAcrossEpochs) {
  EXPECT_EQ(Batches(counting_dataset(10), {.batch_size = 4, .across_epochs = true}).per_epoch(), 2);
}

TEST(Batches, VisitEverySampleOncePerEpoch) {
  Batches batches(counting_dataset(55), {.batch_size = 16});
  for (int epoch = 0; epoch < 3; ++epoch) EXPECT_TRUE(is_every_sample_once(flat(take(batches, 4)), 55)) << epoch;
}

TEST(Batches, FollowTheOrderOfTheEpoch) {
  Batches batches(counting_dataset(10), {.batch_size = 10, .seed = 9});
  batches.next();
  const auto second = take(batches, 1)[0];
  const auto order = epoch_order(10, 9, 1);
  EXPECT_EQ(second, std::vector<float>(order.begin(), order.end()));
}

TEST(Batches, KeepFileOrderWithoutShuffling) {
  Batches batches(counting_dataset(5), {.batch_size = 3, .shuffle = false});
  EXPECT_EQ(take(batches, 3), (std::vector<std::vector<float>>{{0, 1, 2}, {3, 4}, {0, 1, 2}}));
}

TEST(Batches, KeepLabelsWithTheirSamples) {
  Batches batches(counting_dataset(30), {.batch_size = 8});
  for (int i = 0; i < 8; ++i) {
    const Batch& batch = batches.next();
    for (std::size_t row = 0; row < static_cast<std::size_t>(batch.size); ++row)
      EXPECT_EQ(batch.labels.as<std::int32_t>()[row], static_cast<int>(batch.x.as<float>()[row]) % 3);
  }
}

TEST(Batches, GiveTargetsAsTheyAre) {
  const Dataset set({.name = "",
                     .x = tensor_of<float>({2, 1}, {10, 20}),
                     .y = tensor_of<float>({2, 3}, {1, 2, 3, 4, 5, 6}),
                     .class_names = {}});
  Batches batches(set, {.batch_size = 2, .shuffle = false});
  const Batch& batch = batches.next();
  const auto targets = batch.targets.as<float>();
  EXPECT_EQ(std::vector<float>(targets.begin(), targets.end()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(batch.labels.shape().size(), 0);
}

TEST(Batches, OfASetWithoutTargetsHaveNone) {
  const Dataset set({.name = "", .x = tensor_of<float>({2, 1}, {10, 20}), .y = {}, .class_names = {}});
  Batches batches(set, {.batch_size = 2});
  const Batch& batch = batches.next();
  EXPECT_EQ(batch.labels.shape().size(), 0);
  EXPECT_EQ(batch.targets.shape().size(), 0);
}

TEST(Batches, GivePixelsAsTheSameNumbersInFloat) {
  const Dataset set(
      {.name = "", .x = tensor_of<std::uint8_t>({1, 2, 2, 1}, {0, 1, 128, 255}), .y = {}, .class_names = {}});
  Batches batches(set, {.batch_size = 1});
  const auto x = batches.next().x.as<float>();
  EXPECT_EQ(std::vector<float>(x.begin(), x.end()), (std::vector<float>{0, 1, 128, 255}));
}

TEST(Batches, OfARangeGiveItsSamplesOnly) {
  Batches batches(counting_dataset(10).range(6, 9), {.batch_size = 3, .shuffle = false});
  EXPECT_EQ(take(batches, 1)[0], (std::vector<float>{6, 7, 8}));
}

TEST(Batches, AreTheSameTwice) {
  Batches one(counting_dataset(55), {.batch_size = 16, .seed = 4}),
      other(counting_dataset(55), {.batch_size = 16, .seed = 4});
  EXPECT_EQ(take(one, 20), take(other, 20));
}

TEST(Batches, OfAnotherSeedComeInAnotherOrder) {
  Batches one(counting_dataset(55), {.batch_size = 16, .seed = 4}),
      other(counting_dataset(55), {.batch_size = 16, .seed = 5});
  EXPECT_NE(take(one, 1), take(other, 1));
}

TEST(Batches, GoOnWhenMoved) {
  Batches batches(counting_dataset(6), {.batch_size = 2, .shuffle = false});
  batches.next();
  Batches moved = std::move(batches);
  EXPECT_EQ(take(moved, 1)[0], (std::vector<float>{2, 3}));
}

TEST(BatchesAcrossEpochs, AreAllFull) {
  Batches batches(counting_dataset(10), {.batch_size = 4, .across_epochs = true});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(batches.next().size, 4);
}

TEST(BatchesAcrossEpochs, VisitEverySampleOncePerEpoch) {
  Batches batches(counting_dataset(55), {.batch_size = 16, .across_epochs = true});
  const auto samples = flat(take(batches, 16 * 55 / 16));
  for (std::size_t epoch = 0; epoch < 16; ++epoch)
    EXPECT_TRUE(is_every_sample_once({samples.begin() + static_cast<std::ptrdiff_t>(epoch * 55),
                                      samples.begin() + static_cast<std::ptrdiff_t>(epoch * 55 + 55)},
                                     55))
        << epoch;
}

TEST(BatchesAcrossEpochs, FillUpFromTheNextEpochsOrder) {
  Batches batches(counting_dataset(5), {.batch_size = 4, .seed = 2, .across_epochs = true});
  const auto first = epoch_order(5, 2, 0), second = epoch_order(5, 2, 1);
  batches.next();
  const auto meeting = take(batches, 1)[0];
  EXPECT_EQ(meeting, (std::vector<float>{static_cast<float>(first[4]), static_cast<float>(second[0]),
                                         static_cast<float>(second[1]), static_cast<float>(second[2])}));
}

TEST(BatchesAcrossEpochs, SayWhichOneMeetsTheEnd) {
  Batches batches(counting_dataset(10), {.batch_size = 4, .across_epochs = true});
  std::vector<bool> last;
  for (int i = 0; i < 6; ++i) last.push_back(batches.next().last_of_epoch);
  EXPECT_EQ(last, (std::vector<bool>{false, false, true, false, true, false}));
}

TEST(BatchesAcrossEpochs, MayHoldTheWholeSet) {
  Batches batches(counting_dataset(4), {.batch_size = 4, .across_epochs = true});
  for (int i = 0; i < 3; ++i) {
    const Batch& batch = batches.next();
    EXPECT_TRUE(batch.last_of_epoch);
    EXPECT_TRUE(is_every_sample_once({batch.x.as<float>().begin(), batch.x.as<float>().end()}, 4));
  }
}

/// Whether a run resumed after any of its batches goes on exactly as the run itself.
void expect_resumes_anywhere(BatchOptions options) {
  const Dataset set = counting_dataset(23);
  constexpr int kBatches = 12;
  Batches whole(set, options);
  std::vector<std::vector<float>> samples;
  std::vector<BatchPosition> after;
  for (int i = 0; i < kBatches; ++i) {
    const Batch& batch = whole.next();
    samples.emplace_back(batch.x.as<float>().begin(), batch.x.as<float>().begin() + batch.size);
    after.push_back(batch.after);
  }
  for (std::size_t i = 0; i < kBatches; ++i) {
    Batches resumed(set, options, after[i]);
    const std::vector rest(samples.begin() + static_cast<std::ptrdiff_t>(i) + 1, samples.end());
    EXPECT_EQ(take(resumed, static_cast<int>(rest.size())), rest) << "behind batch " << i;
  }
}

TEST(BatchPosition, ResumesShuffledBatches) { expect_resumes_anywhere({.batch_size = 5, .seed = 3}); }

TEST(BatchPosition, ResumesBatchesInFileOrder) { expect_resumes_anywhere({.batch_size = 5, .shuffle = false}); }

TEST(BatchPosition, ResumesBatchesAcrossEpochs) {
  expect_resumes_anywhere({.batch_size = 5, .seed = 3, .across_epochs = true});
}

TEST(BatchPosition, AtTheEndOfAnEpochIsTheBeginOfTheNext) {
  Batches at_end(counting_dataset(6), {.batch_size = 4}, {.epoch = 2, .offset = 6});
  Batches at_begin(counting_dataset(6), {.batch_size = 4}, {.epoch = 3, .offset = 0});
  EXPECT_EQ(take(at_end, 4), take(at_begin, 4));
}

TEST(BatchPosition, BehindTheLastBatchOfAnEpochIsTheBeginOfTheNext) {
  Batches batches(counting_dataset(6), {.batch_size = 6});
  const BatchPosition after = batches.next().after;
  EXPECT_EQ(after.epoch, 1);
  EXPECT_EQ(after.offset, 0);
}

TEST(BatchPosition, IsRefusedBehindTheSet) {
  EXPECT_SAYS(error_of([] { Batches(counting_dataset(6), {.batch_size = 4}, {.epoch = 0, .offset = 7}); }),
              "offset from 0 to 6, received epoch 0, offset 7");
}

TEST(BatchPosition, IsRefusedInANegativeEpoch) {
  EXPECT_SAYS(error_of([] { Batches(counting_dataset(6), {.batch_size = 4}, {.epoch = -1, .offset = 0}); }),
              "received epoch -1");
}

TEST(Batches, RefuseABatchLargerThanTheSet) {
  EXPECT_SAYS(error_of([] { Batches(counting_dataset(6), {.batch_size = 7}); }),
              "batch size: expected at most the 6 samples of counting, received 7");
}

TEST(Batches, RefuseABatchOfNothing) {
  EXPECT_SAYS(error_of([] { Batches(counting_dataset(6), {.batch_size = 0}); }), "expected 1 or more, received 0");
}

TEST(Batches, RefuseAnEmptySet) {
  EXPECT_SAYS(error_of([] { Batches(Dataset(), {.batch_size = 1}); }), "at most the 0 samples of the data set");
}

TEST(Batches, MayBeDestroyedAtAnyPoint) {
  const Dataset set = counting_dataset(1000);
  for (int taken = 0; taken < 50; ++taken) {
    Batches batches(set, {.batch_size = 64});
    take(batches, taken % 7);
  }
}

TEST(Batches, OutliveTheDatasetObjectTheyWereMadeFrom) {
  auto set = std::make_unique<Dataset>(counting_dataset(100));
  Batches batches(*set, {.batch_size = 50});
  set.reset();
  EXPECT_TRUE(is_every_sample_once(flat(take(batches, 2)), 100));
}

}  // namespace
}  // namespace evenkeel
