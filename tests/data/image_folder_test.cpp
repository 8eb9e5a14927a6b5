#include "evenkeel/data/image_folder.h"

#include "evenkeel/formats/png.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// A PNG of `shape` [H, W, C] with all values alike, in a folder that is made if need be.
void write_image(const std::filesystem::path& path, const Shape& shape, std::uint8_t value) {
  std::filesystem::create_directories(path.parent_path());
  Tensor image(shape, DType::uint8);
  std::ranges::fill(image.as<std::uint8_t>(), value);
  formats::write_png(path, image);
}

std::string refusal(const TestFolder& folder) {
  return error_of([&] { load_image_folder(folder.path()); });
}

TEST(ImageFolder, TakesSubfoldersAsClassesByName) {
  TestFolder folder;
  write_image(folder / "dog/1.png", {2, 3, 1}, 1);
  write_image(folder / "cat/1.png", {2, 3, 1}, 2);
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(set.class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(set.y().as<std::int32_t>()[0], 0);
  EXPECT_EQ(set.y().as<std::int32_t>()[1], 1);
  EXPECT_EQ(set.x().as<std::uint8_t>()[0], 2);
}

TEST(ImageFolder, OrdersImagesByName) {
  TestFolder folder;
  for (int i : {3, 1, 2})
    write_image(folder / ("a/" + std::to_string(i) + ".png"), {1, 1, 1}, static_cast<std::uint8_t>(i));
  const Dataset set = load_image_folder(folder.path());
  const auto pixels = set.x().as<std::uint8_t>();
  EXPECT_EQ(std::vector<std::uint8_t>(pixels.begin(), pixels.end()), (std::vector<std::uint8_t>{1, 2, 3}));
}

TEST(ImageFolder, GivesGrayImagesOneChannelAndRgbThree) {
  TestFolder folder;
  write_image(folder / "gray/a/1.png", {2, 3, 1}, 1);
  write_image(folder / "rgb/a/1.png", {2, 3, 3}, 1);
  EXPECT_EQ(load_image_folder(folder / "gray").sample_shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(load_image_folder(folder / "rgb").sample_shape(), (Shape{2, 3, 3}));
}

TEST(ImageFolder, TakesCapitalExtensions) {
  TestFolder folder;
  write_image(folder / "a/1.PNG", {2, 3, 1}, 1);
  EXPECT_EQ(load_image_folder(folder.path()).size(), 1);
}

TEST(ImageFolder, PassesOverHiddenEntriesAndFilesBesideTheClasses) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_image(folder / ".cache/1.png", {9, 9, 3}, 1);
  write_bytes(folder / "a/.directory", {1});
  write_bytes(folder / "README.txt", {1});
  EXPECT_EQ(load_image_folder(folder.path()).size(), 1);
}

TEST(ImageFolder, RefusesImagesOfTwoSizesAndNamesBothFiles) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_image(folder / "b/2.png", {3, 3, 1}, 1);
  const std::string error = refusal(folder);
  EXPECT_SAYS(error, "b/2.png: expected height, width and channels [2, 3, 1] as in ");
  EXPECT_SAYS(error, "a/1.png, received [3, 3, 1]");
}

TEST(ImageFolder, RefusesGrayAmongRgb) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 3}, 1);
  write_image(folder / "a/2.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder), "a/2.png: expected height, width and channels [2, 3, 3]");
}

TEST(ImageFolder, RefusesTransparency) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 4}, 1);
  EXPECT_SAYS(refusal(folder), "a/1.png: expected a gray or an RGB image, received one with transparency (alpha)");
}

TEST(ImageFolder, RefusesAFolderWithoutSubfolders) {
  TestFolder folder;
  write_image(folder / "1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder), "expected one subfolder of PNG images per class, received no subfolder");
}

TEST(ImageFolder, RefusesAClassWithoutImages) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  std::filesystem::create_directories(folder / "b");
  EXPECT_SAYS(refusal(folder), "b: expected images of this class, received an empty folder");
}

TEST(ImageFolder, RefusesAnotherFileAmongTheImages) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_bytes(folder / "a/2.jpg", {1});
  EXPECT_SAYS(refusal(folder), "a/2.jpg: expected nothing but PNG images");
}

TEST(ImageFolder, RefusesAFolderAmongTheImages) {
  TestFolder folder;
  write_image(folder / "a/b.png/1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder), "a/b.png: expected nothing but PNG images in the folder of a class, received a folder");
}

TEST(ImageFolder, RefusesADamagedImageByName) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_bytes(folder / "a/2.png", {1, 2, 3});
  EXPECT_SAYS(refusal(folder), "a/2.png");
}

TEST(ImageFolder, RefusesAFolderThatIsNotThere) {
  EXPECT_SAYS(error_of([] { load_image_folder("/nowhere/images"); }), "/nowhere/images: expected a readable folder");
}

TEST(Images, ComeInTheGivenOrderWithoutLabels) {
  TestFolder folder;
  write_image(folder / "1.png", {2, 3, 1}, 1);
  write_image(folder / "2.png", {2, 3, 1}, 2);
  const Dataset set = load_images({folder / "2.png", folder / "1.png"});
  EXPECT_EQ(set.x().shape, (Shape{2, 2, 3, 1}));
  EXPECT_EQ(set.x().as<std::uint8_t>()[0], 2);
  EXPECT_FALSE(set.has_targets());
}

TEST(Images, RefuseTwoSizesAndNameTheFile) {
  TestFolder folder;
  write_image(folder / "1.png", {2, 3, 1}, 1);
  write_image(folder / "2.png", {3, 3, 1}, 2);
  EXPECT_SAYS(error_of([&] { load_images({folder / "1.png", folder / "2.png"}); }), "2.png: expected height, width");
}

TEST(Images, RefuseToBeNone) {
  EXPECT_SAYS(error_of([] { load_images({}); }), "expected at least one file");
}

TEST(LoadImages, KeepsTheGivenOrder) {
  TestFolder folder;
  write_image(folder / "a.png", {1, 1, 1}, 1);
  write_image(folder / "b.png", {1, 1, 1}, 2);
  const Dataset set = load_images({folder / "b.png", folder / "a.png"});
  EXPECT_EQ(set.x().as<std::uint8_t>()[0], 2);
  EXPECT_EQ(set.x().as<std::uint8_t>()[1], 1);
}

TEST(LoadImages, HasNoLabels) {
  TestFolder folder;
  write_image(folder / "a.png", {1, 1, 1}, 1);
  EXPECT_FALSE(load_images({folder / "a.png"}).has_targets());
}

TEST(LoadImages, RefusesAnImageUnlikeTheFirst) {
  TestFolder folder;
  write_image(folder / "a.png", {2, 3, 1}, 1);
  write_image(folder / "b.png", {2, 4, 1}, 1);
  EXPECT_SAYS(error_of([&] { load_images({folder / "a.png", folder / "b.png"}); }), "b.png: expected");
}

TEST(LoadImages, RefusesNone) { EXPECT_SAYS(error_of([] { load_images({}); }), "at least one file"); }

}  // namespace
}  // namespace evenkeel
