#include "evenkeel/data/cifar.h"

#include "evenkeel/data/sources.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// Records of these labels; the pixels of record i are all i.
void write_records(const std::filesystem::path& path, const std::vector<std::vector<std::uint8_t>>& labels) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    bytes.insert(bytes.end(), labels[i].begin(), labels[i].end());
    bytes.insert(bytes.end(), 3072, static_cast<std::uint8_t>(i));
  }
  write_bytes(path, bytes);
}

/// `count` names, a line each, and the empty line at the end that the published file has.
void write_names(const std::filesystem::path& path, int count) {
  std::ofstream file(path);
  for (int i = 0; i < count; ++i) file << "name " << i << '\n';
  file << '\n';
}

class Cifar10 : public testing::Test {
 protected:
  Cifar10() {
    write_names(folder_ / "batches.meta.txt", 10);
    write_records(folder_ / "test_batch.bin", {{7}, {2}, {9}});
  }
  std::string test_refusal() {
    return error_of([&] { load_cifar10(folder_.path(), true); });
  }
  TestFolder folder_;
};

TEST_F(Cifar10, HasColourImagesAndTheirLabels) {
  const Dataset set = load_cifar10(folder_.path(), true);
  EXPECT_EQ(set.x().shape, (Shape{3, 32, 32, 3}));
  EXPECT_EQ(set.x().as<std::uint8_t>()[2 * 3072], 2);
  EXPECT_EQ(set.y().as<std::int32_t>()[0], 7);
  EXPECT_EQ(set.name(), "cifar10:test");
}

TEST_F(Cifar10, StaysInBytes) { EXPECT_EQ(load_cifar10(folder_.path(), true).x().dtype, DType::uint8); }

TEST_F(Cifar10, TakesItsClassNamesFromTheFile) {
  const Dataset set = load_cifar10(folder_.path(), true);
  ASSERT_EQ(set.class_names().size(), 10u);
  EXPECT_EQ(set.class_names()[9], "name 9");
}

TEST_F(Cifar10, JoinsTheFiveTrainingFiles) {
  for (std::uint8_t i = 0; i < 5; ++i) write_records(folder_ / cifar10_files()[i], {{i}});
  const Dataset set = load_cifar10(folder_.path(), false);
  const auto labels = set.y().as<std::int32_t>();
  EXPECT_EQ(std::vector<std::int32_t>(labels.begin(), labels.end()), (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
}

TEST_F(Cifar10, SaysWhichFileIsMissing) {
  for (const std::size_t i : {0u, 1u, 2u, 4u}) write_records(folder_ / cifar10_files()[i], {{1}});
  EXPECT_SAYS(error_of([&] { load_cifar10(folder_.path(), false); }),
              "expected data_batch_4.bin, received no such file");
}

TEST_F(Cifar10, SaysThatTheNamesAreMissing) {
  std::filesystem::remove(folder_ / "batches.meta.txt");
  EXPECT_SAYS(test_refusal(), "expected batches.meta.txt");
}

TEST_F(Cifar10, RefusesNineNames) {
  write_names(folder_ / "batches.meta.txt", 9);
  EXPECT_SAYS(test_refusal(), "batches.meta.txt: expected 10 class names, one a line, received 9");
}

TEST_F(Cifar10, RefusesATruncatedFileByName) {
  write_bytes(folder_ / "test_batch.bin", std::vector<std::uint8_t>(5000));
  EXPECT_SAYS(test_refusal(), "test_batch.bin: expected one or more CIFAR records");
}

TEST_F(Cifar10, RefusesAnUnknownLabelByFile) {
  write_records(folder_ / "test_batch.bin", {{1}, {10}});
  EXPECT_SAYS(test_refusal(), "test_batch.bin: expected labels from 0 to 9, received 10 in record 1");
}

TEST(Cifar100, HasFineLabelsAndTheirNames) {
  TestFolder folder;
  write_names(folder / "fine_label_names.txt", 100);
  write_records(folder / "test.bin", {{19, 99}, {3, 0}});
  const Dataset set = load_cifar100(folder.path(), true);
  EXPECT_EQ(set.y().as<std::int32_t>()[0], 99);
  EXPECT_EQ(set.class_names().back(), "name 99");
  EXPECT_EQ(set.name(), "cifar100:test");
}

TEST(Cifar100, ReadsOneTrainingFile) {
  TestFolder folder;
  write_names(folder / "fine_label_names.txt", 100);
  write_records(folder / "train.bin", {{0, 1}});
  EXPECT_EQ(load_cifar100(folder.path(), false).size(), 1);
}

/// The published CIFAR-10, or one laid out like it, where this machine has it.
TEST(PublishedCifar10, HasTenEqualClasses) {
  const auto folder = find_source("cifar10");
  if (!folder) GTEST_SKIP() << "CIFAR-10 is not on this machine";
  const Dataset set = load_cifar10(*folder, true);
  EXPECT_EQ(set.x().shape, (Shape{10000, 32, 32, 3}));
  EXPECT_EQ(set.class_names().front(), "airplane");
  EXPECT_EQ(std::ranges::count(set.y().as<std::int32_t>(), 0), 1000);
}

}  // namespace
}  // namespace evenkeel
