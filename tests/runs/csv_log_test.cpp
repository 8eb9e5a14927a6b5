#include "evenkeel/runs/csv_log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/file_size_limit.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

const std::string kHeader = "epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s\n";

EpochRecord epoch(std::int64_t number) {
  return {.epoch = number,
          .step = static_cast<std::uint64_t>(10 * number),
          .train = {.loss = 0.5, .accuracy = 0.25},
          .learning_rate = 0.125,
          .seconds = 2,
          .images_per_s = 3};
}

std::string line(std::int64_t number) {
  return std::to_string(number) + ',' + std::to_string(10 * number) + ",0.5,0.25,,,0.125,2.000,3.0\n";
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A log in a folder of its own, and what it warned of.
class CsvLogTest : public testing::Test {
 protected:
  void begin(const std::vector<EpochRecord>& epochs = {}) {
    History history;
    history.epochs = epochs;
    log_.on_begin({.history = &history});
  }
  std::string text() const { return text_of(folder_ / "metrics.csv"); }

  TestFolder folder_;
  std::vector<std::string> warnings_;
  CsvLog log_{folder_ / "metrics.csv", [this](const std::string& text) { warnings_.push_back(text); }};
};

TEST_F(CsvLogTest, HasALinePerEpoch) {
  begin();
  log_.on_epoch(epoch(1));
  EXPECT_EQ(text(), kHeader + line(1));
}

TEST_F(CsvLogTest, BeginsWithTheEpochsOfAResumedRun) {
  std::ofstream(folder_ / "metrics.csv") << kHeader << line(1) << line(2) << line(3);
  begin({epoch(1), epoch(2)});
  log_.on_epoch(epoch(3));
  EXPECT_EQ(text(), kHeader + line(1) + line(2) + line(3));
}

TEST_F(CsvLogTest, KeepsTheOldFileWhereTheNewOneCannotBegin) {
  std::ofstream(folder_ / "metrics.csv") << "old";
  {
    const FileSizeLimit full(20);
    EXPECT_SAYS(error_of([&] { begin({epoch(1)}); }), "metrics.csv: expected room for the file");
  }
  EXPECT_EQ(text(), "old");
}

TEST_F(CsvLogTest, WarnsOnceOfAFullDiskAndKeepsWholeLines) {
  begin();
  const FileSizeLimit full(kHeader.size() + line(1).size() + 5);
  for (const int number : {1, 2, 3}) log_.on_epoch(epoch(number));
  EXPECT_EQ(text(), kHeader + line(1));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_SAYS(warnings_[0], "metrics.csv: expected room for the file");
}

TEST_F(CsvLogTest, WritesWhatWaitedOnceThereIsRoom) {
  begin();
  {
    const FileSizeLimit full(kHeader.size() + 5);
    log_.on_epoch(epoch(1));
  }
  log_.on_epoch(epoch(2));
  EXPECT_EQ(text(), kHeader + line(1) + line(2));
}

}  // namespace
}  // namespace evenkeel
