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

std::string refusal(const TestFolder& folder, const ImageOptions& options = {}) {
  return error_of([&] { load_image_folder(folder.path(), options); });
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

TEST(ImageFolder, ReadsJpegToo) {
  TestFolder folder;
  std::filesystem::create_directories(folder / "a");
  const auto fixtures = std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests/formats/fixtures";
  std::filesystem::copy_file(fixtures / "rgb.jpg", folder / "a/1.jpg");
  std::filesystem::copy_file(fixtures / "progressive.jpg", folder / "a/2.JPEG");
  EXPECT_EQ(load_image_folder(folder.path()).x().shape, (Shape{2, 13, 19, 3}));
}

TEST(ImageFolder, RefusesImagesOfTwoSizesAndNamesBothFiles) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_image(folder / "b/2.png", {3, 3, 1}, 1);
  const std::string error = refusal(folder);
  EXPECT_SAYS(error, "b/2.png: expected height, width and channels [2, 3, 1] as in ");
  EXPECT_SAYS(error, "a/1.png, received [3, 3, 1]. Resize the images first, or ask for it (--resize).");
}

TEST(ImageFolder, ResizesToTheFirstImageWhereAsked) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_image(folder / "b/2.png", {9, 7, 1}, 5);
  const Dataset set = load_image_folder(folder.path(), {.resize = true});
  EXPECT_EQ(set.x().shape, (Shape{2, 2, 3, 1}));
  EXPECT_EQ(set.x().as<std::uint8_t>()[6], 5);
}

TEST(ImageFolder, ResizesToTheShapeThatIsWanted) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  EXPECT_EQ(load_image_folder(folder.path(), {.shape = Shape{4, 5, 1}, .resize = true}).sample_shape(),
            (Shape{4, 5, 1}));
}

TEST(ImageFolder, RefusesAnotherSizeThanTheModels) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder, {.shape = Shape{4, 5, 1}}),
              "a/1.png: expected height, width and channels [4, 5, 1], as the model's input [N, 4, 5, 1], received "
              "[2, 3, 1]. Resize");
}

TEST(ImageFolder, RefusesGrayAmongRgbAndSaysHowToConvertIt) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 3}, 1);
  write_image(folder / "a/2.png", {2, 3, 1}, 1);
  const std::string error = refusal(folder);
  EXPECT_SAYS(error,
              "a/2.png: expected an RGB image as in " + (folder / "a/1.png").string() + ", received a gray image");
  EXPECT_SAYS(error, "convert " + (folder / "a/2.png").string() + " PNG24:OUT.png");
}

TEST(ImageFolder, RefusesGrayWhereTheModelNeedsRgb) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder, {.shape = Shape{2, 3, 3}, .resize = true}),
              "a/1.png: expected an RGB image, as the model's input [N, 2, 3, 3], received a gray image. Convert it");
}

TEST(ImageFolder, RefusesTransparencyAndSaysHowToRemoveIt) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 4}, 1);
  const std::string error = refusal(folder);
  EXPECT_SAYS(error, "a/1.png: expected an RGB image, received an RGB image with transparency (alpha)");
  EXPECT_SAYS(error, "-background white -flatten");
}

TEST(ImageFolder, TakesTransparencyWhereTheModelNeedsIt) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 4}, 1);
  EXPECT_EQ(load_image_folder(folder.path(), {.shape = Shape{2, 3, 4}}).sample_shape(), (Shape{2, 3, 4}));
}

/// Three images of two classes, the second one damaged.
void write_damaged(const TestFolder& folder) {
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_bytes(folder / "a/2.png", {1, 2, 3});
  write_image(folder / "b/3.png", {2, 3, 1}, 3);
}

TEST(ImageFolder, RefusesADamagedImageByName) {
  TestFolder folder;
  write_damaged(folder);
  EXPECT_SAYS(refusal(folder), "a/2.png: expected a PNG or JPEG image");
}

TEST(ImageFolder, LeavesOutADamagedImageWhereAsked) {
  TestFolder folder;
  write_damaged(folder);
  std::vector<std::string> skipped;
  const Dataset set = load_image_folder(
      folder.path(), {.on_bad_image = [&](const Error& error) { skipped.push_back(error.parts().where); }});
  EXPECT_EQ(skipped, (std::vector<std::string>{(folder / "a/2.png").string()}));
  EXPECT_EQ(set.x().shape, (Shape{2, 2, 3, 1}));
  EXPECT_EQ(set.x().as<std::uint8_t>()[6], 3);
  EXPECT_EQ(set.y().as<std::int32_t>()[1], 1);
}

TEST(ImageFolder, KeepsAClassWhoseImagesAreAllLeftOut) {
  TestFolder folder;
  std::filesystem::create_directories(folder / "a");
  write_bytes(folder / "a/1.png", {1, 2, 3});
  write_image(folder / "b/1.png", {2, 3, 1}, 3);
  const Dataset set = load_image_folder(folder.path(), {.on_bad_image = [](const Error&) {}});
  EXPECT_EQ(set.classes(), 2);
  EXPECT_EQ(set.y().as<std::int32_t>()[0], 1);
}

TEST(ImageFolder, RefusesToLeaveOutAll) {
  TestFolder folder;
  std::filesystem::create_directories(folder / "a");
  write_bytes(folder / "a/1.png", {1, 2, 3});
  EXPECT_SAYS(refusal(folder, {.on_bad_image = [](const Error&) {}}), "expected an image that can be read");
}

TEST(ImageFolder, DoesNotLeaveOutAnImageOfAnotherSize) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_image(folder / "a/2.png", {3, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder, {.on_bad_image = [](const Error&) {}}), "a/2.png: expected height");
}

TEST(ImageFolder, RefusesAFolderWithoutSubfolders) {
  TestFolder folder;
  write_image(folder / "1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder), "expected one subfolder of PNG or JPEG images per class, received no subfolder");
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
  write_bytes(folder / "a/2.gif", {1});
  EXPECT_SAYS(refusal(folder), "a/2.gif: expected nothing but PNG and JPEG images");
}

TEST(ImageFolder, RefusesAFolderAmongTheImages) {
  TestFolder folder;
  write_image(folder / "a/b.png/1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder),
              "a/b.png: expected nothing but PNG and JPEG images in the folder of a class, received a folder");
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

}  // namespace
}  // namespace evenkeel
