#include "evenkeel/formats/cifar.h"

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Bytes ten() { return read_file(fixture("cifar10.bin")); }
Bytes hundred() { return read_file(fixture("cifar100.bin")); }

std::string error_for(const Bytes& bytes, const CifarFormat& format) {
  return error_of([&] { decode_cifar(bytes, format, "batch.bin"); });
}

TEST(ReadCifar, GivesTheLabelOfEachRecord) {
  const CifarRecords records = decode_cifar(ten(), kCifar10, "x");
  EXPECT_THAT(values<std::int32_t>(records.labels), ElementsAre(3, 9));
}

TEST(ReadCifar, GivesTheFineLabelOfTwo) {
  const CifarRecords records = decode_cifar(hundred(), kCifar100, "x");
  EXPECT_THAT(values<std::int32_t>(records.labels), ElementsAre(3, 9));
}

TEST(ReadCifar, TurnsThreePlanesIntoPixels) {
  for (const CifarRecords& records : {decode_cifar(ten(), kCifar10, "x"), decode_cifar(hundred(), kCifar100, "x")}) {
    ASSERT_EQ(records.images.shape(), (Shape{2, 32, 32, 3}));
    const auto pixels = records.images.as<std::uint8_t>();
    for (std::size_t pixel = 0; pixel < 1024; ++pixel)
      for (std::size_t channel = 0; channel < 3; ++channel)
        ASSERT_EQ(pixels[pixel * 3 + channel], (channel * 1024 + pixel) % 251);
    EXPECT_EQ(pixels[3072], 0);
  }
}

TEST(ReadCifar, JoinsFilesInTheirOrder) {
  const TestFolder folder;
  const Bytes first = ten();
  write_file_atomically(folder / "a.bin", BytesView(first).first(3073));
  write_file_atomically(folder / "b.bin", first);
  const std::vector<std::filesystem::path> files = {folder / "b.bin", folder / "a.bin"};
  EXPECT_THAT(values<std::int32_t>(read_cifar(files, kCifar10).labels), ElementsAre(3, 9, 3));
}

TEST(ReadCifar, ReadsMoreRecordsThanItHoldsAtOnce) {
  Bytes many;
  for (int i = 0; i < 100; ++i) append(many, ten());
  const CifarRecords records = decode_cifar(many, kCifar10, "x");
  EXPECT_EQ(records.labels.as<std::int32_t>()[199], 9);
  EXPECT_EQ(records.images.as<std::uint8_t>()[198 * 3072 + 3], 1);
}

TEST(ReadCifar, RefusesAPartOfARecord) {
  Bytes bytes = ten();
  for (const std::size_t length : {6145, 3074, 3072, 1}) {
    bytes.resize(length);
    EXPECT_THAT(error_for(bytes, kCifar10), HasSubstr("batch.bin: expected one or more CIFAR records of 3073 bytes"));
  }
}

TEST(ReadCifar, RefusesNothing) { EXPECT_THAT(error_for({}, kCifar10), HasSubstr("received 0 bytes")); }

TEST(ReadCifar, RefusesTheOtherSetsFiles) {
  EXPECT_THAT(error_for(hundred(), kCifar10), HasSubstr("records of 3073 bytes, received 6148 bytes"));
}

TEST(ReadCifar, RefusesALabelThatDoesNotExist) {
  Bytes bytes = ten();
  bytes[3073] = std::byte{10};
  EXPECT_THAT(error_for(bytes, kCifar10), HasSubstr("batch.bin: expected labels from 0 to 9, received 10 in record 1"));
}

TEST(ReadCifar, RefusesACoarseLabelThatDoesNotExist) {
  Bytes bytes = hundred();
  bytes[0] = std::byte{20};
  EXPECT_THAT(error_for(bytes, kCifar100), HasSubstr("expected labels from 0 to 19, received 20 in record 0"));
}

TEST(ReadCifar, RefusesAMissingFileByName) {
  const std::vector<std::filesystem::path> files = {"/nowhere/test_batch.bin"};
  EXPECT_THAT(error_of([&] { read_cifar(files, kCifar10); }), HasSubstr("/nowhere/test_batch.bin"));
}

}  // namespace
}  // namespace evenkeel::formats
