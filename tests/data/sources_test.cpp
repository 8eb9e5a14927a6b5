#include "evenkeel/data/sources.h"

#include <algorithm>

#include "evenkeel/data/mnist.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/formats/png.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// No data set of the machine is seen, just those in the test's folder.
class Sources : public testing::Test {
 protected:
  std::filesystem::path write_npz(std::int64_t n) {
    formats::write_npz(folder_ / "set.npz", {{"x", counting_dataset(n).x()}, {"y", counting_dataset(n).y()}});
    return folder_ / "set.npz";
  }

  /// mnist/ in `directory`: one test image with this label.
  static void write_mnist(const std::filesystem::path& directory, std::uint8_t label) {
    std::filesystem::create_directories(directory / "mnist");
    write_idx(directory / "mnist" / mnist_files()[2], {1, 28, 28}, std::vector<std::uint8_t>(28 * 28));
    write_idx(directory / "mnist" / mnist_files()[3], {1}, {label});
  }

  static std::string refusal(const std::string& spec) {
    return error_of([&] { load_dataset(spec, Split::test); });
  }

  TestFolder folder_;
  ScopedVariable home_{"HOME", (folder_ / "home").string()};
  ScopedVariable data_{"EVENKEEL_DATA", ""};
};

std::vector<float> samples(const Dataset& set) { return {set.x().as<float>().begin(), set.x().as<float>().end()}; }

TEST_F(Sources, AreSearchedInTheFlagsFolderThenTheVariablesThenTheCache) {
  ScopedVariable data("EVENKEEL_DATA", "/variable");
  EXPECT_EQ(data_directories("/flag"),
            (std::vector<std::filesystem::path>{"/flag", "/variable", folder_ / "home" / ".cache" / "evenkeel"}));
}

TEST_F(Sources, AreSearchedInTheCacheAloneByDefault) {
  EXPECT_EQ(data_directories(), (std::vector<std::filesystem::path>{folder_ / "home" / ".cache" / "evenkeel"}));
}

TEST_F(Sources, AreFoundInTheFirstFolderThatHasThem) {
  write_mnist(folder_ / "home" / ".cache" / "evenkeel", 1);
  EXPECT_EQ(find_source("mnist"), folder_ / "home" / ".cache" / "evenkeel" / "mnist");
  write_mnist(folder_ / "flag", 2);
  EXPECT_EQ(find_source("mnist", (folder_ / "flag").string()), folder_ / "flag" / "mnist");
}

TEST_F(Sources, AreKnownInAnySpelling) {
  write_mnist(folder_ / "flag", 2);
  EXPECT_EQ(load_dataset("MNIST:Test", Split::train, (folder_ / "flag").string()).name(), "mnist:test");
}

TEST_F(Sources, MayBeASplitOfAnNpzFile) {
  const std::filesystem::path path = folder_ / "split.npz";
  formats::write_npz(path, {{"x_train", counting_dataset(5).x()}, {"x_test", counting_dataset(3).x()}});
  EXPECT_EQ(load_dataset(path.string(), Split::train).size(), 5);
  EXPECT_EQ(load_dataset(path.string(), Split::test).size(), 3);
  const Dataset part = load_dataset(path.string() + ":train[1:3]", Split::test);
  EXPECT_EQ(samples(part), (std::vector<float>{1, 2}));
  EXPECT_EQ(part.name(), path.string() + ":train[1:3]");
  EXPECT_SAYS(refusal(path.string() + ":trian"),
              "a split of train or test, received \"trian\". Did you mean \"train\"?");
  EXPECT_SAYS(refusal(write_npz(4).string() + ":train"), "arrays of the split \"train\"");
}

TEST_F(Sources, AreNotFoundWhereTheirFilesAreNot) { EXPECT_EQ(find_source("mnist"), std::nullopt); }

TEST_F(Sources, DrawnByTheProgramAreAlwaysFound) { EXPECT_EQ(find_source("strokes"), std::filesystem::path()); }

TEST_F(Sources, HaveTheirNamesOnce) {
  std::vector<std::string> names;
  for (const NamedSource& source : named_sources()) names.push_back(source.name);
  EXPECT_EQ(names, (std::vector<std::string>{"mnist", "fashion-mnist", "cifar10", "cifar100", "strokes", "patches"}));
}

TEST_F(Sources, DrawnByTheProgramHaveTheSizesTheyAreListedWith) {
  for (const std::string name : {"strokes", "patches"}) {
    const auto& source = *std::ranges::find(named_sources(), name, &NamedSource::name);
    const Dataset test = load_dataset(name + ":test", Split::train);
    EXPECT_EQ(test.size(), source.test_size);
    EXPECT_EQ(test.sample_shape(), source.sample_shape);
  }
}

TEST_F(Sources, OfCifarAreFoundInTheirPublishedFolders) {
  for (const auto& [name, subfolder] :
       {std::pair("cifar10", "cifar-10-batches-bin"), {"cifar100", "cifar-100-binary"}}) {
    std::filesystem::create_directories(folder_ / subfolder);
    EXPECT_EQ(find_source(name, folder_.path().string()), folder_ / subfolder);
  }
}

TEST_F(Sources, AreResizedWhereAskedAndOnlyThen) {
  const ImageOptions keep{.shape = Shape{14, 14, 1}}, resize{.shape = Shape{14, 14, 1}, .resize = true};
  EXPECT_EQ(load_dataset("strokes:test[:3]", Split::test, {}, keep).sample_shape(), (Shape{28, 28, 1}));
  EXPECT_EQ(load_dataset("strokes:test[:3]", Split::test, {}, resize).x().shape, (Shape{3, 14, 14, 1}));
}

TEST_F(Sources, AreLoadedBySplit) {
  write_mnist(folder_.path(), 3);
  EXPECT_EQ(load_dataset("mnist:test", Split::train, folder_.path().string()).name(), "mnist:test");
}

TEST_F(Sources, WithoutASplitMeanTheOneAskedFor) {
  write_mnist(folder_.path(), 3);
  EXPECT_EQ(load_dataset("mnist", Split::test, folder_.path().string()).name(), "mnist:test");
  EXPECT_SAYS(error_of([&] { load_dataset("mnist", Split::train, folder_.path().string()); }), "train-images");
}

TEST_F(Sources, AreReadFromAnNpzFile) { EXPECT_EQ(load_dataset(write_npz(5).string(), Split::train).size(), 5); }

TEST_F(Sources, AreReadFromAnImageFolder) {
  std::filesystem::create_directories(folder_ / "images/a");
  formats::write_png(folder_ / "images/a/1.png", Tensor({2, 2, 1}, DType::uint8));
  EXPECT_EQ(load_dataset((folder_ / "images").string(), Split::train).size(), 1);
}

TEST_F(Sources, LeaveOutBadImagesOfAFolderWhereAsked) {
  std::filesystem::create_directories(folder_ / "images/a");
  formats::write_png(folder_ / "images/a/1.png", Tensor({2, 2, 1}, DType::uint8));
  write_bytes(folder_ / "images/a/2.png", {1});
  const Dataset set = load_dataset((folder_ / "images").string(), Split::train, {}, {.skip_bad = true});
  EXPECT_EQ(set.size(), 1);
  EXPECT_EQ(set.reading()->skipped.size(), 1u);
}

TEST_F(Sources, TakeARangeWithBothBounds) {
  const Dataset set = load_dataset(write_npz(9).string() + "[2:4]", Split::train);
  EXPECT_EQ(samples(set), (std::vector<float>{2, 3}));
  EXPECT_EQ(set.name(), (folder_ / "set.npz").string() + "[2:4]");
}

TEST_F(Sources, TakeARangeWithoutABound) {
  const std::string file = write_npz(9).string();
  EXPECT_EQ(samples(load_dataset(file + "[7:]", Split::train)), (std::vector<float>{7, 8}));
  EXPECT_EQ(samples(load_dataset(file + "[:1]", Split::train)), (std::vector<float>{0}));
  EXPECT_EQ(load_dataset(file + "[:]", Split::train).size(), 9);
}

TEST_F(Sources, TakeARangeFromTheEnd) {
  EXPECT_EQ(samples(load_dataset(write_npz(9).string() + "[-2:]", Split::train)), (std::vector<float>{7, 8}));
}

TEST_F(Sources, TakeARangeBehindASplit) {
  write_mnist(folder_.path(), 3);
  EXPECT_EQ(load_dataset("mnist:test[:1]", Split::train, folder_.path().string()).size(), 1);
}

TEST_F(Sources, MayHaveBracketsInTheirFileNames) {
  std::filesystem::rename(write_npz(9), folder_ / "set[1:2].npz");
  EXPECT_EQ(load_dataset((folder_ / "set[1:2].npz").string() + "[1:]", Split::train).size(), 8);
}

TEST_F(Sources, RefuseAnEmptyRange) { EXPECT_SAYS(refusal(write_npz(9).string() + "[4:4]"), "received [4:4]"); }

TEST_F(Sources, RefuseARangeBehindTheEnd) {
  EXPECT_SAYS(refusal(write_npz(9).string() + "[5:10]"), "samples 0 to 8, received [5:10]");
}

TEST_F(Sources, RefuseAMalformedRange) {
  const std::string file = write_npz(9).string();
  for (const char* range : {"[5]", "[]", "[a:b]", "[1:2:3]", "[1 :2]", "[0x1:2]", "[:99999999999999999999]"})
    EXPECT_SAYS(refusal(file + range),
                std::string("expected a range such as [5000:], [:1000] or [100:200], received ") + range);
}

TEST_F(Sources, SuggestTheNameThatIsMeant) {
  const std::string error = refusal("mnsit:train");
  EXPECT_SAYS(error, "\"mnsit\" is not a data set, an .npz file or a folder");
  EXPECT_SAYS(error,
              "Known data sets: mnist, fashion-mnist, cifar10, cifar100, strokes, patches. Did you mean \"mnist\"?");
}

TEST_F(Sources, ListTheKnownNamesWhereNoneIsNear) {
  const std::string error = refusal("imagenet");
  EXPECT_SAYS(error, "Known data sets: mnist, fashion-mnist, cifar10, cifar100, strokes, patches.");
  EXPECT_FALSE(contains(error, "Did you mean"));
}

TEST_F(Sources, RefuseAnUnknownSplit) {
  EXPECT_SAYS(refusal("strokes:tset"), "expected a split of train or test, received \"tset\". Did you mean \"test\"?");
  EXPECT_SAYS(refusal("strokes:"), "received \"\"");
}

TEST_F(Sources, NotOnThisDiskSayWhereWasLookedAndWhatToPutThere) {
  const std::string error = error_of([&] { load_dataset("mnist:test", Split::test, (folder_ / "flag").string()); });
  EXPECT_SAYS(error, "mnist: not on this disk; looked in " + (folder_ / "flag" / "mnist").string());
  EXPECT_SAYS(error, (folder_ / "home" / ".cache" / "evenkeel" / "mnist").string());
  for (const std::string& name : mnist_files()) EXPECT_SAYS(error, name);
}

TEST_F(Sources, RefuseAFileThatIsNoDataSet) {
  write_bytes(folder_ / "set.csv", {'1', ',', '2'});
  EXPECT_SAYS(refusal((folder_ / "set.csv").string()),
              "expected an .npz file, a folder of images or shards (.tar), received text");
}

TEST_F(Sources, AreASingleImageWhereNoLabelsAreNeeded) {
  formats::write_png(folder_ / "1.png", Tensor({2, 2, 1}, DType::uint8));
  const std::string image = (folder_ / "1.png").string();
  EXPECT_EQ(load_dataset(image, Split::test, {}, {.flat = true}).size(), 1);
  EXPECT_SAYS(refusal(image), "received a PNG image. A single image has no label");
}

TEST_F(Sources, RefuseAnEmptySpec) { EXPECT_SAYS(refusal(""), "\"\" is not a data set"); }

TEST_F(Sources, AreNotFoundUnderAnUnknownName) {
  EXPECT_SAYS(error_of([] { find_source("stroke"); }), "Did you mean \"strokes\"?");
}

}  // namespace
}  // namespace evenkeel
