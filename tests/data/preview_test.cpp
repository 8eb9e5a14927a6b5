#include "evenkeel/data/preview.h"

#include "evenkeel/formats/png.h"
#include "tests/data/helpers.h"
#include "tests/support/images.h"

namespace evenkeel {
namespace {

void write_image(const std::filesystem::path& path, const Shape& shape) {
  put_file(path, formats::encode_png(Tensor(shape, DType::uint8)));
}

TEST(Preview, OpensTheFirstImagesOfEachClassAlone) {
  TestFolder folder;
  for (const char* name : {"a/1.png", "a/2.png", "b/1.png", "b/2.png"}) write_image(folder / name, {3, 4, 3});
  for (const char* name : {"a/3.png", "b/3.png"}) put_file(folder / name, "text");
  const Preview made = preview(list_image_folder(folder.path(), false), {}, 2);
  EXPECT_EQ(made.images.size(), 4);
  EXPECT_EQ(made.files, (std::vector<std::int64_t>{0, 1, 3, 4}));
  EXPECT_EQ(made.images.sample_name(2), "b/1.png");
}

TEST(Preview, ShrinksPhotosAndFramesThemToOneSize) {
  TestFolder folder;
  write_image(folder / "a/1.png", {300, 600, 3});
  write_image(folder / "a/2.png", {40, 20, 3});
  const Preview made = preview(list_image_folder(folder.path(), false), {}, 10);
  EXPECT_EQ(made.images.x().shape, (Shape{2, 64, 128, 3}));
  const auto pixels = made.images.x().as<std::uint8_t>();
  EXPECT_EQ(pixels[0], 0);              // the larger one fills its frame
  EXPECT_EQ(pixels[64 * 128 * 3], 96);  // the smaller one is in the middle
  EXPECT_EQ(pixels[64 * 128 * 3 + (32 * 128 + 64) * 3], 0);
}

TEST(Preview, OfAFolderWithoutClassesShowsTheFirstImages) {
  TestFolder folder;
  for (const char* name : {"1.png", "2.png", "3.png"}) write_image(folder / name, {3, 4, 1});
  EXPECT_EQ(preview(list_image_folder(folder.path(), true), {}, 2).images.size(), 2);
}

}  // namespace
}  // namespace evenkeel
