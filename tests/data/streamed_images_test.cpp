#include "evenkeel/data/streamed_images.h"

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

#include "evenkeel/data/batches.h"
#include "evenkeel/data/image_survey.h"
#include "evenkeel/data/shards.h"
#include "evenkeel/data/sources.h"
#include "tests/data/shard_helpers.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

Dataset streamed(const fs::path& spec, const ImageOptions& images = {}, const StreamOptions& options = {.workers = 3}) {
  return stream_images(*find_images(spec.string(), images.flat), images, options);
}

/// Whether both give the same next batches, to the bit.
void expect_equal_batches(Batches& a, Batches& b, int count) {
  for (int i = 0; i < count; ++i) {
    const Batch &x = a.next(), &y = b.next();
    ASSERT_EQ(x.size, y.size);
    ASSERT_EQ(x.last_of_epoch, y.last_of_epoch);
    const auto rows = static_cast<std::size_t>(x.size);
    const std::size_t row = x.x.bytes() / static_cast<std::size_t>(x.x.shape()[0]);
    ASSERT_EQ(std::memcmp(x.x.data(), y.x.data(), rows * row), 0) << "batch " << i;
    ASSERT_EQ(std::memcmp(x.labels.data(), y.labels.data(), rows * sizeof(std::int32_t)), 0) << "batch " << i;
  }
}

TEST(StreamedImages, OfAFolderAreThoseInMemoryInTheSameOrder) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 3, 11);
  const Dataset memory = load_image_folder(photos), stream = streamed(photos);
  EXPECT_EQ(stream.sample_shape(), memory.sample_shape());
  EXPECT_EQ(stream.class_names(), memory.class_names());
  for (const bool shuffle : {false, true})
    for (const bool across : {false, true}) {
      const BatchOptions options{.batch_size = 4, .shuffle = shuffle, .seed = 5, .across_epochs = across};
      Batches a(memory, options), b(stream, options);
      expect_equal_batches(a, b, 25);
    }
}

TEST(StreamedImages, AreAugmentedAsInMemory) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 2, 9);
  const BatchOptions options{.batch_size = 4, .seed = 1, .augmentation = {.flip = true, .crop_padding = 1}};
  Batches a(load_image_folder(photos), options), b(streamed(photos), options);
  expect_equal_batches(a, b, 15);
}

TEST(StreamedImages, OfShardsAreThoseInMemoryInTheSameOrder) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 3, 20, {.shard_bytes = 8192});
  const Dataset memory = load_dataset(shards.string(), Split::train);
  const Dataset stream = streamed(shards, {}, {.workers = 2, .window = 7});
  const ReadingOrder order = stream.reading_order();
  EXPECT_EQ(order.window, 7);
  EXPECT_GT(order.shard_ends.size(), 3u);
  Batches a(memory, {.batch_size = 8, .seed = 2, .order = order}), b(stream, {.batch_size = 8, .seed = 2});
  expect_equal_batches(a, b, 20);
}

TEST(StreamedImages, WithAWindowOfAllAreShuffledAsInMemory) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 3, 20, {.shard_bytes = 8192});
  Batches a(load_dataset(shards.string(), Split::train), {.batch_size = 8, .seed = 2});
  Batches b(streamed(shards), {.batch_size = 8, .seed = 2});
  expect_equal_batches(a, b, 20);
}

TEST(StreamedImages, GoOnAtAnySample) {
  TestFolder folder;
  const Dataset stream = streamed(write_shards(folder, 3, 20, {.shard_bytes = 8192}), {}, {.workers = 2, .window = 7});
  const BatchOptions options{.batch_size = 8, .seed = 2};
  Batches whole(stream, options);
  for (int done = 1; done < 20; ++done) {
    const BatchPosition position = whole.next().after;
    Batches resumed(stream, options, position);
    Batches again(stream, options, position);
    expect_equal_batches(resumed, again, 3);
    Batches fresh(stream, options);
    for (int i = 0; i < done; ++i) fresh.next();
    Batches third(stream, options, position);
    expect_equal_batches(fresh, third, 3);
  }
}

TEST(StreamedImages, HaveRanges) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 3, 20, {.shard_bytes = 8192});
  const Dataset memory = load_dataset(shards.string(), Split::train).range(5, 31);
  const Dataset stream = streamed(shards, {}, {.workers = 2, .window = 5}).range(5, 31);
  EXPECT_EQ(stream.reading_order().shard_ends.back(), 26);
  Batches a(memory, {.batch_size = 6, .seed = 2, .order = stream.reading_order()}),
      b(stream, {.batch_size = 6, .seed = 2});
  expect_equal_batches(a, b, 12);
  EXPECT_NE(stream.fingerprint(), streamed(shards).fingerprint());
}

TEST(StreamedImages, AreGatheredByTheirRows) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 2, 9);
  const std::vector<std::uint32_t> rows = {17, 0, 4};
  const Tensor a = load_image_folder(photos).gathered_x(rows), b = streamed(photos).gathered_x(rows);
  EXPECT_EQ(a.shape(), b.shape());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.bytes()), 0);
}

TEST(StreamedImages, ThatAreDamagedAreAnErrorWhenTheyAreNeeded) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 1, 30);
  put_file(photos / "class0/020.png", "not an image");
  Batches batches(streamed(photos), {.batch_size = 10, .shuffle = false});
  batches.next();
  batches.next();
  EXPECT_SAYS(error_of([&] { batches.next(); }),
              "photos/class0/020.png: expected a PNG or JPEG image, received text. Is the file whole?");
}

TEST(StreamedImages, ThatAreDamagedAreLeftOutIfAsked) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 1, 30);
  put_file(photos / "class0/020.png", "not an image");
  put_file(photos / "class0/021.png", small_image(1, {9, 9, 3}));
  const Dataset memory = load_image_folder(photos, {.skip_bad = true}), stream = streamed(photos, {.skip_bad = true});
  EXPECT_EQ(stream.size(), 28);
  EXPECT_EQ(stream.reading()->reasons(), memory.reading()->reasons());
  Batches a(memory, {.batch_size = 10, .seed = 1}), b(stream, {.batch_size = 10, .seed = 1});
  expect_equal_batches(a, b, 6);
}

TEST(StreamedImages, AreSurveyedOnce) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 2, 5), cache = folder / "cache";
  put_file(photos / "class0/002.png", "not an image");
  const ImageFiles files = list_image_folder(photos, false);
  const ImageOptions images{.skip_bad = true};
  const ImageSurvey first = survey_images(files, images, cache);
  EXPECT_EQ(first.bad, std::vector<std::int64_t>{2});
  EXPECT_EQ(first.per_class, (std::vector<std::int64_t>{4, 5}));
  ASSERT_EQ(std::distance(fs::directory_iterator(cache / "images"), {}), 1);
  const fs::path kept = fs::directory_iterator(cache / "images")->path();
  EXPECT_EQ(text_of(read_image_survey(kept, 10, 2)), text_of(first));
  // A name that only the cache has shows that it was read.
  std::string text = text_of(first);
  text.replace(text.find("class0/002.png"), 14, "class0/xxx.png");
  formats::write_file_atomically(kept, text);
  const Dataset stream = stream_images(files, images, {.cache = cache});
  EXPECT_EQ(stream.reading()->skipped.at(0).name, "class0/xxx.png");
  EXPECT_EQ(stream.size(), 9);
  // Other files have another survey, and a damaged one is made again.
  put_file(photos / "class0/001.png", small_image(5, {4, 5, 1}));
  EXPECT_EQ(survey_images(files, images, cache).report.skipped.at(0).name, "class0/002.png");
  formats::write_file_atomically(kept, std::string("{}"));
  EXPECT_EQ(survey_images(files, images, cache).bad, std::vector<std::int64_t>{2});
}

TEST(StreamedImages, OfAnotherSizeAreAnErrorUnlessResized) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 1, 3);
  put_file(photos / "class0/001.png", small_image(1, {9, 9, 3}));
  EXPECT_SAYS(error_of([&] { Batches(streamed(photos), {.batch_size = 3}).next(); }),
              "class0/001.png: expected height x width 4 x 5");
  Batches a(load_image_folder(photos, {.resize = true}), {.batch_size = 3});
  Batches b(streamed(photos, {.resize = true}), {.batch_size = 3});
  expect_equal_batches(a, b, 3);
}

TEST(StreamedImages, NeedEnoughMemory) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 1, 3);
  EXPECT_SAYS(error_of([&] { streamed(photos, {}, {.memory = 1000}); }), "memory of the stream: expected at least");
  const Dataset wide = streamed(photos, {.resize_to = Shape{1000, 1000}}, {.memory = 121'000'000});
  EXPECT_SAYS(error_of([&] { Batches(wide, {.batch_size = 3}); }), "expected room for 2 batches of 3 samples");
  Batches(wide, {.batch_size = 1}).next();
  const Dataset wider = streamed(photos, {.resize_to = Shape{2000, 2000}}, {.memory = 160'000'000});
  EXPECT_SAYS(error_of([&] { wider.gathered_x(std::vector<std::uint32_t>{0}); }),
              "class0/000.png: expected an image that can be decoded in 40 MB, a quarter of the stream's memory");
}

TEST(StreamedImages, ReportAReaderThatWaits) {
  // A stalled mount: its reader waits until that was reported.
  class Stalled final : public SampleSource {
   public:
    class Waits final : public Reader {
     public:
      explicit Waits(const Stalled& source) : source_(source) {}
      TensorView read(std::int64_t) override {
        std::unique_lock lock(source_.mutex);
        source_.changed.wait(lock, [&] { return source_.reported; });
        return source_.pixel;
      }

     private:
      const Stalled& source_;
    };
    std::int64_t size() const override { return 4; }
    Shape shape() const override { return {1, 1, 1}; }
    DType dtype() const override { return DType::uint8; }
    std::unique_ptr<Reader> reader() const override { return std::make_unique<Waits>(*this); }
    void expect(std::span<const std::int64_t>) const override {}
    std::string place_of(std::int64_t) const override { return "/mnt/slow/a.png"; }
    std::string name_of(std::int64_t) const override { return "a.png"; }
    ReadingOrder order() const override { return {}; }
    Budget budget() const override {
      return {.workers = 2, .bytes = 0, .on_slow = {.patience = 0.001, .report = [this](const SlowReading& slow) {
                                                      const std::lock_guard lock(mutex);
                                                      report = slow;
                                                      reported = slow.seconds >= 0.003;
                                                      changed.notify_all();
                                                    }}};
    }
    std::string fingerprint() const override { return "00000000"; }

    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    mutable bool reported = false;
    mutable SlowReading report;
    Tensor pixel = Tensor({1, 1, 1}, DType::uint8);
  };
  const auto source = std::make_shared<const Stalled>();
  Dataset::Parts parts{.name = "slow", .x = {}, .y = {}, .class_names = {}};
  parts.source = source;
  Batches batches(Dataset(std::move(parts)), {.batch_size = 2});
  EXPECT_EQ(batches.next().size, 2);
  EXPECT_EQ(source->report.place, "/mnt/slow/a.png");
  EXPECT_GE(source->report.seconds, 0.003);
}

TEST(ReadingOrderOfAnEpoch, IsAPermutationInWindowsOfShards) {
  const ReadingOrder reading{.shard_ends = {100, 150, 400, 1000}, .window = 64};
  for (const std::uint64_t seed : {0u, 1u}) {
    auto order = epoch_order(1000, seed, 3, reading);
    // So many consecutive samples, wherever they begin, are in few places of the shards' sequence.
    std::set<std::uint32_t> first(order.begin(), order.begin() + 64);
    EXPECT_EQ(first.size(), 64u);
    std::ranges::sort(order);
    for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(order[i], i);
  }
  EXPECT_NE(epoch_order(1000, 0, 3, reading), epoch_order(1000, 0, 4, reading));
  EXPECT_EQ(epoch_order(1000, 0, 3, reading), epoch_order(1000, 0, 3, reading));
}

TEST(ReadingOrderOfAnEpoch, KeepsASampleNearItsShardsPlace) {
  const ReadingOrder reading{.shard_ends = {2000}, .window = 50};
  const auto order = epoch_order(2000, 7, 0, reading);
  for (std::size_t i = 0; i < order.size(); ++i)
    ASSERT_LT(std::abs(static_cast<int>(order[i]) - static_cast<int>(i)), 50);
}

TEST(ReadingOrderOfAnEpoch, WithAWindowOfAllIsThatOfMemory) {
  EXPECT_EQ(epoch_order(100, 3, 1, {.shard_ends = {50, 100}, .window = 100}), epoch_order(100, 3, 1));
  EXPECT_EQ(epoch_order(100, 3, 1, {}), epoch_order(100, 3, 1));
}

}  // namespace
}  // namespace evenkeel
