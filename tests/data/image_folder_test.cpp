#include "evenkeel/data/image_folder.h"

#include "evenkeel/formats/png.h"
#include "tests/data/helpers.h"
#include "tests/support/images.h"

namespace evenkeel {
namespace {

/// A PNG of `shape` [H, W, C] with all values alike, in a folder that is made if need be.
void write_image(const std::filesystem::path& path, const Shape& shape, std::uint8_t value) {
  Tensor image(shape, DType::uint8);
  std::ranges::fill(image.as<std::uint8_t>(), value);
  put_file(path, formats::encode_png(image));
}

std::string refusal(const TestFolder& folder, const ImageOptions& options = {}) {
  return error_of([&] { load_image_folder(folder.path(), options); });
}

/// The first value of each sample.
std::vector<int> first_values(const Dataset& set) {
  std::vector<int> values;
  const Tensor x = converted(set.x(), DType::int32);
  for (std::int64_t i = 0; i < set.size(); ++i)
    values.push_back(x.as<std::int32_t>()[static_cast<std::size_t>(i * x.shape().row_size())]);
  return values;
}

std::vector<std::string> names_of(const Dataset& set) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < set.size(); ++i) names.push_back(set.sample_name(i));
  return names;
}

using Counts = ReadingReport::Counts;

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
  EXPECT_EQ(first_values(set), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(names_of(set), (std::vector<std::string>{"a/1.png", "a/2.png", "a/3.png"}));
  EXPECT_EQ(names_of(set.range(1, 3)), (std::vector<std::string>{"a/2.png", "a/3.png"}));
}

TEST(ImageFolder, GivesGrayImagesOneChannelAndRgbThree) {
  TestFolder folder;
  write_image(folder / "gray/a/1.png", {2, 3, 1}, 1);
  write_image(folder / "rgb/a/1.png", {2, 3, 3}, 1);
  EXPECT_EQ(load_image_folder(folder / "gray").sample_shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(load_image_folder(folder / "rgb").sample_shape(), (Shape{2, 3, 3}));
}

TEST(ImageFolder, GoesByBytesNotByNames) {
  TestFolder folder;
  write_image(folder / "a/1.PNG", {13, 19, 3}, 1);
  write_image(folder / "a/2.jpg", {13, 19, 3}, 1);
  write_image(folder / "a/3", {13, 19, 3}, 1);
  put_file(folder / "a/4.png", image_fixture("rgb.jpg"));
  put_file(folder / "a/5.JPEG", image_fixture("progressive.jpg"));
  EXPECT_EQ(load_image_folder(folder.path()).x().shape, (Shape{5, 13, 19, 3}));
}

TEST(ImageFolder, PassesOverLitterAndCountsIt) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  write_image(folder / ".cache/1.png", {9, 9, 3}, 1);
  write_image(folder / "__MACOSX/a/._1.png", {9, 9, 3}, 1);
  write_image(folder / "a/.ipynb_checkpoints/1-checkpoint.png", {9, 9, 3}, 1);
  for (const char* name : {"a/Thumbs.db", "a/desktop.ini", "a/.DS_Store", "a/._1.png", "a/.directory", ".DS_Store"})
    put_file(folder / name, "litter");
  put_file(folder / "README.txt", "text");
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(set.size(), 1);
  EXPECT_EQ(set.class_names(), (std::vector<std::string>{"a"}));
  EXPECT_EQ(set.reading()->passed_over, (Counts{{".DS_Store", 2},
                                                {".cache", 1},
                                                {".directory", 1},
                                                {".ipynb_checkpoints", 1},
                                                {"._ files of macOS", 1},
                                                {"Thumbs.db", 1},
                                                {"__MACOSX", 1},
                                                {"beside the folders of classes", 1},
                                                {"desktop.ini", 1}}));
}

TEST(ImageFolder, MakesAnEmptyFolderAClassWithoutSamples) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  std::filesystem::create_directories(folder / "b");
  put_file(folder / "c/Thumbs.db", "litter");
  write_image(folder / "d/1.png", {2, 3, 1}, 1);
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(set.classes(), 4);
  EXPECT_EQ(set.y().as<std::int32_t>()[1], 3);
  EXPECT_EQ(set.reading()->empty_classes, (std::vector<std::string>{"b", "c"}));
}

TEST(ImageFolder, TakesNamesThatAreNoUtf8) {
  TestFolder folder;
  write_image(folder / "caf\xe9/b\xff.png", {2, 3, 1}, 5);
  write_image(folder / "caf\xea/1.png", {2, 3, 1}, 6);
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(set.class_names(), (std::vector<std::string>{"caf\\xe9", "caf\\xea"}));
  EXPECT_EQ(set.sample_name(0), "caf\\xe9/b\\xff.png");
  EXPECT_EQ(first_values(set), (std::vector<int>{5, 6}));
}

// What gives no sample.

/// Files of many kinds in two classes, four of them good.
void write_mixture(const TestFolder& folder) {
  for (const char* name : {"a/1.png", "a/2.png", "b/1.png", "b/2.png"}) write_image(folder / name, {2, 3, 1}, 1);
  put_file(folder / "a/3.jpg", "GIF89a...");
  put_file(folder / "b/4.jpg", "GIF89a...");
  put_file(folder / "a/notes.txt", "a note");
  put_file(folder / "a/empty.png", "");
  put_file(folder / "b/cmyk.jpg", image_fixture("cmyk.jpg"));
  put_file(folder / "b/twelve.jpg", with_jpeg_depth(image_fixture("rgb.jpg"), 12));
  const formats::Bytes jpeg = image_fixture("rgb.jpg");
  put_file(folder / "b/cut.jpg", formats::BytesView(jpeg).first(jpeg.size() * 6 / 10));
  write_image(folder / "b/large.png", {9, 9, 1}, 1);
  write_image(folder / "a/deeper/1.png", {2, 3, 1}, 1);
}

const Counts kMixture = {
    {"12-bit JPEG", 1}, {"CMYK JPEG", 1},  {"GIF image", 2}, {"another size", 1},
    {"cut short", 1},   {"empty file", 1}, {"text", 1},      {"folder in the folder of a class", 1}};

TEST(ImageFolder, ListsAllThatGivesNoSampleInOneError) {
  TestFolder folder;
  write_mixture(folder);
  const std::string error = refusal(folder);
  EXPECT_SAYS(error, folder.path().string() + ": expected PNG and JPEG images that fit, received 9 others: ");
  EXPECT_SAYS(error, "2 GIF image (a/3.jpg, b/4.jpg)");
  for (const char* part : {"1 text (a/notes.txt)", "1 empty file (a/empty.png)", "1 CMYK JPEG (b/cmyk.jpg)",
                           "1 12-bit JPEG (b/twelve.jpg)", "1 cut short (b/cut.jpg)", "1 another size (b/large.png)",
                           "1 folder in the folder of a class (a/deeper)", "--resize", "--skip-bad-images"})
    EXPECT_SAYS(error, part);
}

TEST(ImageFolder, LeavesOutAllThatGivesNoSampleWhereAsked) {
  TestFolder folder;
  write_mixture(folder);
  const Dataset set = load_image_folder(folder.path(), {.skip_bad = true});
  EXPECT_EQ(names_of(set), (std::vector<std::string>{"a/1.png", "a/2.png", "b/1.png", "b/2.png"}));
  EXPECT_EQ(set.x().shape, (Shape{4, 2, 3, 1}));
  EXPECT_EQ(set.y().as<std::int32_t>()[2], 1);
  EXPECT_EQ(set.reading()->reasons(), kMixture);
  EXPECT_EQ(set.reading()->files, 12);
  EXPECT_EQ(set.reading()->read, 4);
}

TEST(ImageFolder, SaysOfASingleFileWhatIsWrong) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  put_file(folder / "a/2.png", "\x01\x02\x03");
  EXPECT_SAYS(refusal(folder),
              (folder / "a/2.png").string() + ": expected a PNG or JPEG image, received unknown bytes");
}

TEST(ImageFolder, RefusesAnotherSizeThanMostImagesHave) {
  TestFolder folder;
  write_image(folder / "a/1.png", {9, 7, 1}, 1);
  write_image(folder / "a/2.png", {2, 3, 1}, 1);
  write_image(folder / "b/3.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder),
              "a/1.png: expected height x width 2 x 3, as most images have, received 9 x 7. Resize the "
              "images first, or ask for it (--resize).");
}

TEST(ImageFolder, RefusesAnotherSizeThanTheModels) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder, {.shape = Shape{4, 5, 1}}),
              "a/1.png: expected height x width 4 x 5, as the model's input [N, 4, 5, 1], received 2 x 3. Resize");
}

/// A few bytes that promise 16,000 x 16,000 pixels would ask for that of every sample.
TEST(ImageFolder, TakesTheSizeOfSamplesFromNoHeaderWithoutPixels) {
  TestFolder folder;
  const formats::Bytes promise = png_of({}, 16000, 16000, raw_bytes({7}));
  put_file(folder / "a/0.png", std::string(reinterpret_cast<const char*>(promise.data()), promise.size()));
  for (int i = 1; i < 400; ++i) write_image(folder / ("a/" + std::to_string(i) + ".png"), {2, 3, 1}, 1);
  const Dataset set = load_image_folder(folder.path(), {.skip_bad = true});
  EXPECT_EQ(set.x().shape, Shape({399, 2, 3, 1}));
}

TEST(ImageFolder, RefusesToLeaveOutAll) {
  TestFolder folder;
  put_file(folder / "a/1.png", "text");
  put_file(folder / "a/2.png", "GIF89a");
  const std::string error = refusal(folder, {.skip_bad = true});
  EXPECT_SAYS(error, "received 2 others");
  EXPECT_SAYS(error, "None is left.");
}

TEST(ImageFolder, NamesALinkToNothing) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  std::filesystem::create_symlink("/nowhere/cat.png", folder / "a/2.png");
  EXPECT_EQ(load_image_folder(folder.path(), {.skip_bad = true}).reading()->reasons(),
            (Counts{{"cannot be opened", 1}}));
}

TEST(ImageFolder, SuggestsTheFolderOfClassesAmongDeeperOnes) {
  TestFolder folder;
  write_image(folder / "train/cat/1.png", {2, 3, 1}, 1);
  write_image(folder / "val/cat/1.png", {2, 3, 1}, 1);
  const std::string error = refusal(folder);
  EXPECT_SAYS(error, "expected one subfolder of PNG or JPEG images per class, received folders in the folders");
  EXPECT_SAYS(error, "Is " + (folder / "train").string() + " or " + (folder / "val").string() + " meant?");
}

TEST(ImageFolder, RefusesAFolderWithoutSubfoldersWhereLabelsAreNeeded) {
  TestFolder folder;
  write_image(folder / "1.png", {2, 3, 1}, 1);
  EXPECT_SAYS(refusal(folder),
              "expected one subfolder of PNG or JPEG images per class, received no subfolder. It holds "
              "1 files.");
}

TEST(ImageFolder, TakesAFolderWithoutSubfoldersWhereNoLabelsAreNeeded) {
  TestFolder folder;
  write_image(folder / "2.png", {2, 3, 1}, 2);
  write_image(folder / "1.png", {2, 3, 1}, 1);
  const Dataset set = load_image_folder(folder.path(), {.flat = true});
  EXPECT_FALSE(set.has_targets());
  EXPECT_EQ(names_of(set), (std::vector<std::string>{"1.png", "2.png"}));
}

TEST(ImageFolder, RefusesAFolderThatIsNotThere) {
  EXPECT_SAYS(error_of([] { load_image_folder("/nowhere/images"); }), "/nowhere/images: expected a readable folder");
}

// Sizes, colours, depth and orientation.

TEST(ImageFolder, ResizesToWhatMostImagesHaveWhereAsked) {
  TestFolder folder;
  write_image(folder / "a/1.png", {9, 7, 1}, 5);
  write_image(folder / "b/2.png", {2, 3, 1}, 1);
  write_image(folder / "b/3.png", {2, 3, 1}, 1);
  const Dataset set = load_image_folder(folder.path(), {.resize = true});
  EXPECT_EQ(set.x().shape, (Shape{3, 2, 3, 1}));
  EXPECT_EQ(first_values(set), (std::vector<int>{5, 1, 1}));
  EXPECT_EQ(set.reading()->resized, 1);
}

TEST(ImageFolder, ResizesToWhatIsWanted) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 1}, 1);
  EXPECT_EQ(load_image_folder(folder.path(), {.shape = Shape{4, 5, 1}, .resize = true}).sample_shape(),
            (Shape{4, 5, 1}));
  EXPECT_EQ(load_image_folder(folder.path(), {.resize_to = Shape{6, 7}}).sample_shape(), (Shape{6, 7, 1}));
}

/// One image of 1 x 4 pixels of each kind of colour; the first pixel is darkest.
void write_colours(const TestFolder& folder) {
  const formats::Bytes palette = png_chunk("PLTE", raw_bytes({10, 10, 10, 200, 100, 0}));
  formats::Bytes clear = palette;
  formats::append(clear, png_chunk("tRNS", raw_bytes({0, 255})));
  const formats::Bytes row = raw_bytes({0b00010000});
  put_file(folder / "a/1.png", png_of({.colour = 2}, 1, 4, raw_bytes({1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4})));
  put_file(folder / "a/2.png", png_of({.colour = 0}, 1, 4, raw_bytes({2, 9, 9, 9})));
  put_file(folder / "a/3.png", png_of({.colour = 4}, 1, 4, raw_bytes({0, 204, 9, 9, 9, 9, 9, 9})));
  put_file(folder / "a/4.png", png_of({.colour = 3, .bits = 1, .chunks = palette}, 1, 4, row));
  put_file(folder / "a/5.png", png_of({.colour = 3, .bits = 1, .chunks = clear}, 1, 4, row));
  put_file(folder / "a/6.png",
           png_of({.colour = 6}, 1, 4, raw_bytes({6, 6, 6, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
  put_file(folder / "a/7.png", png_of({.colour = 0, .bits = 1}, 1, 4, raw_bytes({0b01110000})));
  put_file(folder / "a/8.png", png_of({.colour = 0, .bits = 16}, 1, 4, raw_bytes({8, 8, 0, 0, 0, 0, 0, 0})));
}

const Counts kColours = {{"RGB", 1},     {"RGB + alpha", 1}, {"gray", 1},        {"gray + alpha", 1},
                         {"palette", 1}, {"1-bit gray", 1},  {"16-bit gray", 1}, {"palette + alpha", 1}};

TEST(ImageFolder, ConvertsEveryKindOfColourToThreeChannelsAndCountsIt) {
  TestFolder folder;
  write_colours(folder);
  const Dataset set = load_image_folder(folder.path(), {.shape = Shape{1, 4, 3}});
  EXPECT_EQ(first_values(set), (std::vector<int>{1, 2, 51, 10, 255, 6, 0, 8}));
  EXPECT_EQ(set.reading()->kinds, kColours);
  EXPECT_EQ(set.reading()->converted, (Counts{{"gray to RGB", 4},
                                              {"palette to RGB", 2},
                                              {"alpha over white", 3},
                                              {"1-bit to 8 bits", 1},
                                              {"16 bits to 8", 1}}));
}

TEST(ImageFolder, ConvertsEveryKindOfColourToOneChannel) {
  TestFolder folder;
  write_colours(folder);
  const Dataset set = load_image_folder(folder.path(), {.shape = Shape{1, 4, 1}});
  EXPECT_EQ(set.sample_shape(), (Shape{1, 4, 1}));
  EXPECT_EQ(first_values(set), (std::vector<int>{1, 2, 51, 10, 255, 6, 0, 8}));
}

TEST(ImageFolder, TakesTheChannelsOfMostImagesWhereNoModelSays) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 3}, 1);
  write_image(folder / "a/2.png", {2, 3, 1}, 2);
  EXPECT_EQ(load_image_folder(folder.path()).sample_shape(), (Shape{2, 3, 3}));
  write_image(folder / "a/3.png", {2, 3, 1}, 3);
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(set.sample_shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(first_values(set), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(set.reading()->converted, (Counts{{"RGB to gray", 1}}));
}

TEST(ImageFolder, KeepsAlphaWhereTheModelTakesIt) {
  TestFolder folder;
  write_image(folder / "a/1.png", {2, 3, 4}, 1);
  const Dataset set = load_image_folder(folder.path(), {.shape = Shape{2, 3, 4}});
  EXPECT_EQ(set.sample_shape(), (Shape{2, 3, 4}));
  EXPECT_TRUE(set.reading()->converted.empty());
}

TEST(ImageFolder, RefusesOtherColoursWhereStrict) {
  TestFolder folder;
  write_colours(folder);
  const ImageOptions strict{.shape = Shape{1, 4, 3}, .strict_colour = true};
  const std::string error = refusal(folder, strict);
  EXPECT_SAYS(error, "received 7 others");
  for (const char* part :
       {"1 gray, not RGB (a/2.png)", "1 gray + alpha, not RGB (a/3.png)", "1 palette, not RGB (a/4.png)",
        "1 palette + alpha, not RGB (a/5.png)", "1 RGB + alpha, not RGB (a/6.png)", "1 1-bit gray, not RGB (a/7.png)"})
    EXPECT_SAYS(error, part);
  ImageOptions skipping = strict;
  skipping.skip_bad = true;
  EXPECT_EQ(load_image_folder(folder.path(), skipping).size(), 1);
}

TEST(ImageFolder, AppliesTheOrientationOfExif) {
  TestFolder folder;
  for (const int orientation : {1, 2, 3, 4})
    put_file(folder / ("a/" + std::to_string(orientation) + ".png"),
             png_of({.chunks = png_chunk("eXIf", exif_block(orientation))}, 1, 3, raw_bytes({1, 2, 3})));
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(first_values(set), (std::vector<int>{1, 3, 3, 1}));
  EXPECT_EQ(set.reading()->turned, 3);
}

TEST(ImageFolder, CountsImagesThatExifTurned) {
  TestFolder folder;
  put_file(folder / "a/1.jpg", with_exif(image_fixture("rgb.jpg"), 6));
  put_file(folder / "a/2.jpg", with_exif(image_fixture("rgb.jpg"), 8));
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(set.sample_shape(), (Shape{19, 13, 3}));
  EXPECT_EQ(set.reading()->turned, 2);
  const auto pixels = set.x().as<std::uint8_t>();
  EXPECT_EQ(pixels[0], pixels[2 * 19 * 13 * 3 - 3]);  // the first turns right, the second left
}

/// Two 16-bit images of one pixel each.
void write_wide(const TestFolder& folder, int high, int low) {
  put_file(folder / "a/1.png", png_of({.bits = 16}, 1, 1, raw_bytes({high, low})));
  put_file(folder / "a/2.png", png_of({.bits = 16}, 1, 1, raw_bytes({0, 0x10})));
}

TEST(ImageFolder, KeepsTheRangeOfSixteenBits) {
  TestFolder folder;
  write_wide(folder, 0xff, 0xfd);
  const Dataset set = load_image_folder(folder.path());
  EXPECT_EQ(set.x().dtype, DType::float32);
  EXPECT_EQ(first_values(set), (std::vector<int>{0xfffd, 0x10}));
  EXPECT_EQ(set.reading()->bits_in_use, 16);
}

TEST(ImageFolder, SaysHowManyOfSixteenBitsAreInUse) {
  TestFolder folder;
  write_wide(folder, 0x0f, 0xff);
  EXPECT_EQ(load_image_folder(folder.path()).reading()->bits_in_use, 12);
  write_wide(folder, 0xff, 0xf0);
  const auto upper = load_image_folder(folder.path()).reading();
  EXPECT_EQ(upper->bits_in_use, 12);
  EXPECT_TRUE(upper->low_bits_unused);
}

TEST(ImageFolder, HasOneRangeWhereSomeImagesHaveSixteenBits) {
  TestFolder folder;
  write_wide(folder, 0xff, 0xff);
  write_image(folder / "a/3.png", {1, 1, 1}, 255);
  EXPECT_EQ(first_values(load_image_folder(folder.path())), (std::vector<int>{65535, 16, 65535}));
  EXPECT_EQ(first_values(load_image_folder(folder.path(), {.dtype = DType::uint8})), (std::vector<int>{255, 0, 255}));
  write_image(folder / "a/4.png", {1, 1, 1}, 7);
  EXPECT_EQ(load_image_folder(folder.path()).x().dtype, DType::uint8);
}

// Ranges and named files.

TEST(ImageFiles, OfARangeAreNotOpened) {
  TestFolder folder;
  for (const char* name : {"a/1.png", "b/2.png"}) write_image(folder / name, {2, 3, 1}, 1);
  put_file(folder / "a/0.png", "text");
  const ImageFiles files = list_image_folder(folder.path(), false).range(-2, 3);
  const Dataset set = load_images(files, {});
  EXPECT_EQ(names_of(set), (std::vector<std::string>{"a/1.png", "b/2.png"}));
  EXPECT_EQ(set.name(), folder.path().string() + "[1:]");
  EXPECT_EQ(set.classes(), 2);
}

TEST(Images, ComeInTheGivenOrderWithoutLabels) {
  TestFolder folder;
  write_image(folder / "1.png", {2, 3, 1}, 1);
  write_image(folder / "2.png", {2, 3, 1}, 2);
  const Dataset set = load_images({folder / "2.png", folder / "1.png"});
  EXPECT_EQ(set.x().shape, (Shape{2, 2, 3, 1}));
  EXPECT_EQ(set.x().as<std::uint8_t>()[0], 2);
  EXPECT_FALSE(set.has_targets());
  EXPECT_EQ(set.sample_name(0), (folder / "2.png").string());
}

TEST(Images, RefuseToBeNone) {
  EXPECT_SAYS(error_of([] { load_images(std::vector<std::filesystem::path>()); }), "expected at least one file");
}

}  // namespace
}  // namespace evenkeel
