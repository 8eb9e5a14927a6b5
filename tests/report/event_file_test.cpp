#include "evenkeel/report/tensorboard/event_file.h"

#include <algorithm>
#include <fstream>

#include "evenkeel/formats/png.h"
#include "tests/formats/testing.h"
#include "tests/report/event_reader.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path tensorflow_events() {
  return std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests/report/fixtures/events.tfevents";
}

/// What TensorFlow wrote into the fixture.
std::vector<EventValue> fixture_values() {
  return {{.tag = "scalar", .value = 0.25},
          {.tag = "histogram",
           .value = EventValue::Buckets{.min = -1,
                                        .max = 2.5,
                                        .count = 3,
                                        .sum = 2,
                                        .sum_of_squares = 9.25,
                                        .limits = {-0.5, 1, 3},
                                        .counts = {1, 0, 2}}},
          {.tag = "image",
           .value = EventValue::Image{.height = 2, .width = 3, .channels = 1, .png = formats::bytes_of("png")}},
          {.tag = "text", .value = EventValue::Text{"# a text"}}};
}

/// The messages that writing the fixture's values makes.
std::vector<Message> written(const TestFolder& folder) {
  EventFile(folder.path(), 7).write(8, fixture_values());
  return read_event_file(event_files(folder.path()).at(0));
}

std::vector<std::int64_t> steps_in(const TestFolder& folder) {
  std::vector<std::int64_t> steps;
  for (const SeenValue& value : read_values(folder.path())) steps.push_back(value.step);
  return steps;
}

void write_steps(const std::filesystem::path& folder, std::initializer_list<int> steps) {
  EventFile file(folder, 1);
  for (const int step : steps)
    file.write(static_cast<std::uint64_t>(step), {{.tag = "loss", .value = static_cast<double>(step)}});
}

void cut(const std::filesystem::path& file, std::uintmax_t bytes) {
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - bytes);
}

TEST(EventFile, HasANameThatTensorBoardFinds) {
  const TestFolder folder;
  const EventFile file(folder.path(), 0);
  EXPECT_THAT(event_files(folder.path()).at(0).filename().string(),
              testing::ContainsRegex("^events\\.out\\.tfevents\\.[0-9]{10}\\..+\\.[0-9]+\\.[0-9]+$"));
}

TEST(EventFile, BeginsAsTensorFlowsDoes) {
  const TestFolder folder;
  const auto ours = written(folder), theirs = read_event_file(tensorflow_events());
  EXPECT_EQ(ours[0].bytes(3), theirs[0].bytes(3));
  EXPECT_EQ(ours[1].bytes(7), theirs[1].bytes(7));
  EXPECT_EQ(ours[1].integer(2), 7);
}

TEST(EventFile, HasTheBytesOfTensorFlowForEachKindOfValue) {
  const TestFolder folder;
  const auto ours = written(folder)[2].message(5).all(1),
             theirs = read_event_file(tensorflow_events())[2].message(5).all(1);
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const Message a(ours.at(i)), b(theirs[i]);
    for (const std::uint64_t field : {1, 2, 4, 5, 8, 9})
      EXPECT_EQ(a.bytes(field), b.bytes(field)) << i << ", " << field;
  }
}

TEST(EventFile, HoldsAnImageAsPngWithItsSize) {
  const TestFolder folder;
  Tensor pixels({2, 3, 3}, DType::uint8);
  pixels.as<std::uint8_t>()[7] = 200;
  EventFile(folder.path(), 0).write(1, {{.tag = "x", .value = image_of(pixels)}});
  const Message message = read_values(folder.path()).at(0).image();
  EXPECT_EQ(message.integer(1), 2);
  EXPECT_EQ(message.integer(2), 3);
  EXPECT_EQ(message.integer(3), 3);
  formats::expect_equal(formats::decode_png(formats::view_of(message.bytes(4)), "image"), pixels);
}

TEST(EventFile, HoldsTheTimeOfTheEvent) {
  const TestFolder folder;
  EXPECT_GT(written(folder)[2].real(1), 1.7e9);
}

TEST(EventFile, MakesItsFolder) {
  const TestFolder folder;
  const EventFile file(folder / "a/b", 0);
  EXPECT_EQ(event_files(folder / "a/b").size(), 1u);
}

TEST(EventFile, NamesTheFolderThatIsAFile) {
  const TestFolder folder;
  std::ofstream(folder / "file");
  EXPECT_THAT(error_of([&] { EventFile(folder / "file", 0); }), HasSubstr((folder / "file").string()));
}

TEST(BucketsOf, CoverNoMoreThanWhatWasCounted) {
  kernels::Histogram h;
  kernels::histogram(std::vector<float>{1, 1, 1.2f, 3, -0.5f}, h, Threads(1));
  const auto buckets = buckets_of(h);
  EXPECT_THAT(buckets.limits, ElementsAre(-0.46875, 1, 1.125, 1.25, 3, 3.25));
  EXPECT_THAT(buckets.counts, ElementsAre(1, 0, 2, 1, 0, 1));
  EXPECT_EQ(buckets.min, -0.5);
  EXPECT_EQ(buckets.max, 3);
  EXPECT_EQ(buckets.count, 5);
}

TEST(DropEventsFrom, KeepsThoseBefore) {
  const TestFolder folder;
  write_steps(folder.path(), {10, 20, 30});
  drop_events_from(folder.path(), 20);
  EXPECT_THAT(steps_in(folder), ElementsAre(10));
}

TEST(DropEventsFrom, LooksIntoEveryFile) {
  const TestFolder folder;
  write_steps(folder.path(), {10, 20});
  write_steps(folder.path(), {30, 40});
  drop_events_from(folder.path(), 35);
  EXPECT_THAT(steps_in(folder), ElementsAre(10, 20, 30));
}

TEST(DropEventsFrom, RemovesAFileWithoutValues) {
  const TestFolder folder;
  write_steps(folder.path(), {10, 20});
  drop_events_from(folder.path(), 10);
  EXPECT_TRUE(event_files(folder.path()).empty());
}

TEST(DropEventsFrom, LeavesOtherFilesAsTheyAre) {
  const TestFolder folder;
  std::ofstream(folder / "metrics.csv") << "epoch";
  drop_events_from(folder.path(), 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "metrics.csv"));
}

TEST(DropEventsFrom, IsContentWithoutAFolder) { drop_events_from("/nowhere/run", 0); }

TEST(DropEventsFrom, DropsARecordThatItsWriterDidNotFinish) {
  for (const std::uintmax_t bytes : {1, 5, 20, 30}) {
    const TestFolder folder;
    write_steps(folder.path(), {10, 20});
    cut(event_files(folder.path()).at(0), bytes);
    drop_events_from(folder.path(), 100);
    EXPECT_THAT(steps_in(folder), ElementsAre(10)) << bytes;
  }
}

TEST(DropEventsFrom, NamesADamagedFileAndLeavesIt) {
  const TestFolder folder;
  write_steps(folder.path(), {10, 20});
  const auto file = event_files(folder.path()).at(0);
  auto bytes = formats::read_file(file);
  bytes[bytes.size() / 2] ^= std::byte{1};
  formats::write_file_atomically(file, bytes);
  EXPECT_THAT(error_of([&] { drop_events_from(folder.path(), 15); }),
              AllOf(HasSubstr(file.string()), HasSubstr("checksum")));
  EXPECT_TRUE(std::ranges::equal(formats::read_file(file), bytes));
}

TEST(DropEventsFrom, ReadsTheEventsOfTensorFlow) {
  const TestFolder folder;
  const auto copy = folder / "events.out.tfevents.1.host";
  std::filesystem::copy_file(tensorflow_events(), copy);
  drop_events_from(folder.path(), 9);
  EXPECT_TRUE(std::ranges::equal(formats::read_file(copy), formats::read_file(tensorflow_events())));
}

}  // namespace
}  // namespace evenkeel
