#include "evenkeel/data/npz_dataset.h"

#include <cmath>

#include "evenkeel/formats/npz.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// Loads a file of these two arrays.
Dataset load(const Tensor& x, const Tensor& y) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", {{"x", x}, {"y", y}});
  return load_npz_dataset(folder / "set.npz");
}

std::string refusal(const Tensor& x, const Tensor& y) {
  return error_of([&] { load(x, y); });
}

Tensor two_samples() { return tensor_of<float>({2, 3}, {1, 2, 3, 4, 5, 6}); }
Tensor two_labels() { return tensor_of<std::int32_t>({2}, {1, 0}); }

TEST(NpzDataset, ReadsFeaturesAndLabels) {
  const Dataset set = load(two_samples(), two_labels());
  EXPECT_EQ(set.x().shape, (Shape{2, 3}));
  EXPECT_EQ(set.x().as<float>()[5], 6);
  EXPECT_TRUE(set.has_labels());
  EXPECT_EQ(set.classes(), 2);
}

TEST(NpzDataset, ReadsImagesOfBytes) {
  const Dataset set = load(Tensor({2, 4, 5, 3}, DType::uint8), two_labels());
  EXPECT_EQ(set.sample_shape(), (Shape{4, 5, 3}));
  EXPECT_EQ(set.x().dtype, DType::uint8);
}

TEST(NpzDataset, ReadsLabelsOfEveryIntegerType) {
  EXPECT_EQ(load(two_samples(), tensor_of<std::int64_t>({2}, {7, 1})).y().as<std::int32_t>()[0], 7);
  EXPECT_EQ(load(two_samples(), tensor_of<std::uint8_t>({2}, {7, 1})).y().as<std::int32_t>()[0], 7);
}

TEST(NpzDataset, ReadsTargets) {
  const Dataset set = load(two_samples(), tensor_of<float>({2, 1}, {0.5f, -1}));
  EXPECT_FALSE(set.has_labels());
  EXPECT_EQ(set.y().as<float>()[1], -1);
}

TEST(NpzDataset, MayLackTargets) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", {{"x", two_samples()}});
  EXPECT_FALSE(load_npz_dataset(folder / "set.npz").has_targets());
}

TEST(NpzDataset, IgnoresOtherArrays) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", {{"x", two_samples()}, {"z", Tensor({5}, DType::float64)}});
  EXPECT_EQ(load_npz_dataset(folder / "set.npz").size(), 2);
}

/// Loads a file of these arrays, and what was noted.
struct Noted {
  Dataset set;
  std::string notes;
};

Noted load_noted(const std::vector<formats::NpzEntry>& arrays, ArrayOptions options = {},
                 const std::string& split = {}) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", arrays);
  Noted noted;
  options.note = [&](const std::string& note) { noted.notes += note + '\n'; };
  noted.set = load_npz_dataset(folder / "set.npz", options, split);
  return noted;
}

std::vector<std::int32_t> labels_of(const Dataset& set) {
  const auto labels = set.y().as<std::int32_t>();
  return {labels.begin(), labels.end()};
}

TEST(NpzDataset, SaysNothingOfPlainArrays) {
  EXPECT_EQ(load_noted({{"x", two_samples()}, {"y", two_labels()}}).notes, "");
}

TEST(NpzDataset, KnowsTheSplitsOfKerasFiles) {
  const Tensor train = tensor_of<float>({2, 1}, {1, 2}), test = tensor_of<float>({1, 1}, {3});
  const Tensor train_labels = tensor_of<std::int64_t>({2}, {0, 1}), test_labels = tensor_of<std::int64_t>({1}, {1});
  const std::vector<formats::NpzEntry> arrays = {
      {"x_test", test}, {"x_train", train}, {"y_train", train_labels}, {"y_test", test_labels}};
  const Noted trained = load_noted(arrays, {}, "train");
  EXPECT_EQ(trained.set.size(), 2);
  EXPECT_TRUE(trained.set.name().ends_with("set.npz:train")) << trained.set.name();
  EXPECT_SAYS(trained.notes, "samples are x_train, targets are y_train");
  EXPECT_EQ(load_noted(arrays, {}, "test").set.x().as<float>()[0], 3);
  EXPECT_SAYS(error_of([&] { load_noted(arrays, {}, "validation"); }), "arrays of the split \"validation\"");
}

TEST(NpzDataset, KnowsPairsByTheirNames) {
  for (const auto& [x, y] : std::vector<std::pair<std::string, std::string>>{
           {"X", "y"}, {"images", "labels"}, {"data", "target"}, {"features", "classes"}, {"inputs", "targets"}}) {
    const Noted noted = load_noted({{x, two_samples()}, {y, two_labels()}, {"unrelated", Tensor({3}, DType::float64)}});
    EXPECT_EQ(labels_of(noted.set), (std::vector<std::int32_t>{1, 0})) << x;
    EXPECT_SAYS(noted.notes, "samples are " + x + ", targets are " + y);
  }
}

TEST(NpzDataset, KnowsAPairOfAnyNamesByItsShapes) {
  const Noted noted = load_noted({{"arr_0", two_labels()}, {"arr_1", two_samples()}});
  EXPECT_EQ(noted.set.sample_shape(), (Shape{3}));
  EXPECT_SAYS(noted.notes, "samples are arr_1, targets are arr_0");
  EXPECT_FALSE(load_noted({{"arr_0", two_samples()}}).set.has_targets());
}

TEST(NpzDataset, RefusesArraysThatItDoesNotKnowAndNamesThem) {
  const std::string said = error_of([] {
    load_noted({{"a", two_samples()}, {"b", two_samples()}, {"c", two_labels()}});
  });
  EXPECT_SAYS(said, "set.npz: no array \"x\"; it has a, b, c. Write the file with");
  EXPECT_SAYS(error_of([] { load_noted({{"a", two_samples()}, {"b", two_samples()}}); }), "no array \"x\"");
}

TEST(NpzDataset, AddsAChannelAxisToGrayImages) {
  const Noted noted = load_noted({{"x", Tensor({2, 4, 5}, DType::uint8)}, {"y", two_labels()}});
  EXPECT_EQ(noted.set.sample_shape(), (Shape{4, 5, 1}));
  EXPECT_SAYS(noted.notes, "a channel axis was added to x [2, 4, 5]");
}

TEST(NpzDataset, ReadsSingleNumbersAsOneFeature) {
  EXPECT_EQ(load(tensor_of<float>({2}, {1, 2}), two_labels()).sample_shape(), (Shape{1}));
}

TEST(NpzDataset, RefusesXOfFiveAxes) {
  EXPECT_SAYS(refusal(Tensor({2, 1, 1, 1, 1}, DType::uint8), two_labels()), "received [2, 1, 1, 1, 1]");
}

TEST(NpzDataset, ConvertsSamplesThatLoseNothing) {
  const Dataset doubles = load(tensor_of<double>({2, 1}, {0.5, -3}), two_labels());
  EXPECT_EQ(doubles.x().as<float>()[1], -3);
  const Dataset bytes = load(tensor_of<std::int32_t>({2, 1}, {0, 255}), two_labels());
  EXPECT_EQ(bytes.x().as<std::uint8_t>()[1], 255);
  const Dataset wide = load(tensor_of<std::int64_t>({2, 1}, {-1, 16777216}), two_labels());
  EXPECT_EQ(wide.x().as<float>()[1], 16777216);
}

TEST(NpzDataset, RefusesSamplesThatWouldBeRounded) {
  EXPECT_SAYS(
      refusal(tensor_of<double>({2, 1}, {0.5, 0.1}), two_labels()),
      "expected x of values that float32 holds exactly, received float64, 0.1 in sample 1. To round them, store "
      "x.astype(np.float32).");
  EXPECT_SAYS(refusal(tensor_of<std::int64_t>({2, 1}, {0, 16777217}), two_labels()), "int64, 16777217 in sample 1");
}

TEST(NpzDataset, OffersToReadChannelsFirst) {
  const Tensor x({2, 3, 8, 6}, DType::uint8);
  EXPECT_SAYS(load_noted({{"x", x}, {"y", two_labels()}}).notes,
              "x [2, 3, 8, 6] looks like images with channels first; --channels-first reads them as [2, 8, 6, 3].");
}

TEST(NpzDataset, ReadsChannelsFirstWhereAskedTo) {
  Tensor x({1, 2, 1, 3}, DType::uint8);
  for (std::uint8_t i = 0; i < 6; ++i) x.as<std::uint8_t>()[i] = i;
  const Noted noted = load_noted({{"x", x}}, {.channels_first = true});
  EXPECT_EQ(noted.set.sample_shape(), (Shape{1, 3, 2}));
  const auto values = noted.set.x().as<std::uint8_t>();
  EXPECT_EQ(std::vector<std::uint8_t>(values.begin(), values.end()), (std::vector<std::uint8_t>{0, 3, 1, 4, 2, 5}));
}

TEST(NpzDataset, DoubtsImagesOfZerosAndOnes) {
  Tensor x({2, 2, 2, 1}, DType::uint8);
  x.as<std::uint8_t>()[3] = 1;
  EXPECT_SAYS(load_noted({{"x", x}}).notes, "every byte of x is 0 or 1.");
  x.as<std::uint8_t>()[3] = 2;
  EXPECT_EQ(load_noted({{"x", x}}).notes, "");
}

TEST(NpzDataset, ReadsLabelsInAColumn) {
  const Noted noted = load_noted({{"x", two_samples()}, {"y", tensor_of<std::int64_t>({2, 1}, {1, 0})}});
  EXPECT_EQ(labels_of(noted.set), (std::vector<std::int32_t>{1, 0}));
  EXPECT_SAYS(noted.notes, "y int64 [2, 1] was read as labels [N]");
}

TEST(NpzDataset, ReadsOneHotIntegersAsLabels) {
  const Noted noted = load_noted({{"x", two_samples()}, {"y", tensor_of<std::uint8_t>({2, 3}, {0, 0, 1, 0, 1, 0})}});
  EXPECT_EQ(labels_of(noted.set), (std::vector<std::int32_t>{2, 1}));
}

TEST(NpzDataset, ReadsOtherRowsOfIntegersAsTargets) {
  const Noted noted = load_noted({{"x", two_samples()}, {"y", tensor_of<std::uint8_t>({2, 3}, {1, 0, 1, 0, 0, 0})}});
  EXPECT_FALSE(noted.set.has_labels());
  EXPECT_EQ(noted.set.y().as<float>()[2], 1);
}

TEST(NpzDataset, ReadsWholeFloatsAsLabelsAndOthersAsTargets) {
  EXPECT_EQ(labels_of(load(two_samples(), tensor_of<double>({2}, {1, 0}))), (std::vector<std::int32_t>{1, 0}));
  const Dataset targets = load(two_samples(), tensor_of<float>({2}, {1, 0.5f}));
  EXPECT_EQ(targets.y().shape, (Shape{2, 1}));
}

TEST(NpzDataset, ConvertsTargetsThatLoseNothing) {
  EXPECT_EQ(load(two_samples(), tensor_of<double>({2, 2}, {0.5, 1, 2, 3})).y().as<float>()[0], 0.5f);
  EXPECT_SAYS(refusal(two_samples(), tensor_of<double>({2, 2}, {0.5, 1, 2, 0.1})), "store y.astype(np.float32)");
}

TEST(NpzDataset, MapsLabelsAsAskedTo) {
  const Tensor y = tensor_of<std::int32_t>({2}, {2, 1});
  const Noted from_one = load_noted({{"x", two_samples()}, {"y", y}}, {.labels = LabelMapping::from_one});
  EXPECT_EQ(labels_of(from_one.set), (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(from_one.set.class_names(), (std::vector<std::string>{"1", "2"}));
}

TEST(NpzDataset, MapsATargetColumnOfWholeNumbersWhereAskedTo) {
  const Noted noted = load_noted({{"x", two_samples()}, {"y", tensor_of<float>({2, 1}, {1, -1})}},
                                 {.labels = LabelMapping::contiguous});
  EXPECT_EQ(labels_of(noted.set), (std::vector<std::int32_t>{1, 0}));
}

TEST(NpzDataset, RefusesALabelThatDoesNotFit) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<std::int64_t>({2}, {0, std::int64_t{1} << 31})),
              "expected labels from 0 to 1048575, received 2147483648 in sample 1");
}

TEST(NpzDataset, ProposesAMappingOfNegativeLabels) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<std::int64_t>({2}, {1, -1})),
              "received -1 in sample 1. Labels are -1, 1: --labels contiguous maps them to 0 to 1, in this order.");
}

TEST(NpzDataset, RefusesMoreLabelsThanSamples) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<std::int32_t>({3}, {0, 1, 0})),
              "as many labels as samples (2), received 3");
}

TEST(NpzDataset, RefusesAnEmptyY) {
  EXPECT_SAYS(refusal(two_samples(), Tensor({0}, DType::int32)), "or no y at all, received y [0]");
}

TEST(NpzDataset, RefusesAnEmptyX) {
  EXPECT_SAYS(refusal(Tensor({0, 3}, DType::float32), Tensor({0}, DType::int32)), "expected at least one sample");
}

TEST(NpzDataset, RefusesNan) {
  Tensor x = two_samples();
  x.as<float>()[4] = std::nanf("");
  EXPECT_SAYS(refusal(x, two_labels()), "received NaN in sample 1");
}

TEST(NpzDataset, RefusesAFileThatIsNotThere) {
  EXPECT_SAYS(error_of([] { load_npz_dataset("/nowhere/set.npz"); }), "/nowhere/set.npz");
}

TEST(NpzDataset, RefusesAFileThatIsNoZip) {
  TestFolder folder;
  write_bytes(folder / "set.npz", {1, 2, 3});
  EXPECT_SAYS(error_of([&] { load_npz_dataset(folder / "set.npz"); }), "set.npz");
}

}  // namespace
}  // namespace evenkeel
