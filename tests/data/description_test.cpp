#include "evenkeel/data/description.h"

#include "evenkeel/data/image_folder.h"
#include "evenkeel/formats/png.h"
#include "tests/data/helpers.h"
#include "tests/support/images.h"

namespace evenkeel {
namespace {

/// Two classes of images of 3 x 4 pixels, and one class without.
void write_classes(const TestFolder& folder, int bits) {
  std::filesystem::create_directories(folder / "c");
  for (int i = 0; i < 7; ++i) {
    formats::Bytes row;
    for (int p = 0; p < 4 * bits / 8; ++p) row.push_back(static_cast<std::byte>(i * 31 + p * 7));
    put_file(folder / ((i % 2 ? "a/" : "b/") + std::to_string(i) + ".png"), png_of({.bits = bits}, 3, 4, row));
  }
}

void expect_equal(const DatasetDescription& streamed, const DatasetDescription& loaded) {
  EXPECT_EQ(streamed.name, loaded.name);
  EXPECT_EQ(streamed.samples, loaded.samples);
  EXPECT_EQ(streamed.sample_shape, loaded.sample_shape);
  EXPECT_EQ(streamed.dtype, loaded.dtype);
  EXPECT_EQ(streamed.targets, loaded.targets);
  EXPECT_EQ(streamed.class_names, loaded.class_names);
  EXPECT_EQ(streamed.fingerprint, loaded.fingerprint);
  EXPECT_EQ(streamed.statistics.per_class, loaded.statistics.per_class);
  EXPECT_NEAR(streamed.statistics.mean, loaded.statistics.mean, 1e-9);
  EXPECT_NEAR(streamed.statistics.standard_deviation, loaded.statistics.standard_deviation, 1e-9);
  EXPECT_EQ(streamed.statistics.maximum, loaded.statistics.maximum);
}

TEST(Description, OfFilesIsThatOfTheLoadedSet) {
  for (const int bits : {8, 16}) {
    TestFolder folder;
    write_classes(folder, bits);
    const ImageFiles files = list_image_folder(folder.path(), false);
    expect_equal(describe(files, {}), describe(load_images(files, {})));
  }
}

TEST(Description, OfFilesWithoutClassesIsThatOfTheLoadedSet) {
  TestFolder folder;
  write_classes(folder, 8);
  const ImageFiles files = list_image_folder(folder / "a", true);
  expect_equal(describe(files, {}), describe(load_images(files, {})));
}

TEST(Description, TakesImagesOfSeveralSizes) {
  TestFolder folder;
  write_classes(folder, 8);
  put_file(folder / "a/9.png", png_of({}, 1, 2, raw_bytes({9, 9})));
  const DatasetDescription d = describe(list_image_folder(folder.path(), false), {});
  EXPECT_EQ(d.samples, 8);
  EXPECT_EQ(d.sample_shape, std::nullopt);
  EXPECT_EQ(d.fingerprint, "");
  EXPECT_EQ(d.reading->sizes, (ReadingReport::Counts{{"1 x 2", 1}, {"3 x 4", 7}}));
}

TEST(Description, ReportsFilesThatGiveNoSample) {
  TestFolder folder;
  write_classes(folder, 8);
  put_file(folder / "a/notes.txt", "text");
  const DatasetDescription d = describe(list_image_folder(folder.path(), false), {});
  EXPECT_EQ(d.samples, 7);
  EXPECT_EQ(d.reading->reasons(), (ReadingReport::Counts{{"text", 1}}));
}

}  // namespace
}  // namespace evenkeel
