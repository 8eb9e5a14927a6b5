#include "evenkeel/interchange/preprocessing.h"

#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/evaluate.h"
#include "evenkeel/train/network.h"
#include "tests/support/testing.h"

namespace evenkeel::interchange {
namespace {

/// A model that yields its input.
Model identity(Shape input) {
  Model model(input, "identity");
  model.append(Activation{.name = "same"});
  return model;
}

/// What comes out of the preprocessing of one pixel.
std::vector<float> prepared(const std::string& name, const std::vector<std::uint8_t>& pixel) {
  const std::int64_t channels = std::ssize(pixel);
  Network network(with_preprocessing(identity({1, 1, channels}), preprocessing_named(name)), {});
  const Dataset data(
      {.name = "pixel", .x = Tensor::of<std::uint8_t>({1, 1, 1, channels}, pixel), .y = {}, .class_names = {}});
  const Predictions predictions = predict(network, data);
  const auto values = predictions.outputs.as<float>();
  return {values.begin(), values.end()};
}

void expect_near(const std::vector<float>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-5) << i;
}

TEST(Preprocessing, ImagenetIsWhatTorchvisionNormalizesTo) {
  expect_near(prepared("imagenet", {124, 0, 255}),
              {(124 / 255.0 - 0.485) / 0.229, -0.456 / 0.224, (1 - 0.406) / 0.225});
  EXPECT_EQ(prepared("torch", {1, 2, 3}), prepared("imagenet", {1, 2, 3}));
}

TEST(Preprocessing, TfIsFromMinusOneToOne) { expect_near(prepared("tf", {0, 255, 51}), {-1, 1, -0.6}); }

TEST(Preprocessing, CaffeIsBlueGreenRedLessTheirMeans) {
  expect_near(prepared("caffe", {10, 20, 30}), {30 - 103.939, 20 - 116.779, 10 - 123.68});
}

TEST(Preprocessing, OfKerasFamiliesIsWhatTheirModulesDo) {
  EXPECT_EQ(prepared("keras/vgg16", {10, 20, 30}), prepared("caffe", {10, 20, 30}));
  EXPECT_EQ(prepared("keras/resnet", {10, 20, 30}), prepared("caffe", {10, 20, 30}));
  EXPECT_EQ(prepared("keras/resnet_v2", {10, 20, 30}), prepared("tf", {10, 20, 30}));
  EXPECT_EQ(prepared("keras/mobilenet_v2", {10, 20, 30}), prepared("tf", {10, 20, 30}));
  EXPECT_EQ(prepared("keras/densenet", {10, 20, 30}), prepared("torch", {10, 20, 30}));
  EXPECT_EQ(with_preprocessing(identity({4, 4, 3}), preprocessing_named("keras/efficientnet")).layers(), 1);
}

TEST(Preprocessing, OfNumbersIsScaleThenMeanThenDeviation) {
  expect_near(prepared("1/255;0.5;0.25", {255}), {2});
  expect_near(prepared("2", {5}), {10});
  expect_near(prepared("0.5;1,2;4,8", {10, 20}), {1, 1});
  expect_near(prepared("-1", {5}), {-5});
}

TEST(Preprocessing, BecomesOneLayerThatTravelsWithTheModelFile) {
  const Model model = with_preprocessing(identity({4, 4, 3}), preprocessing_named("imagenet"));
  EXPECT_EQ(model.layers(), 2);
  EXPECT_EQ(model.name_of(model.output()), "same");
  EXPECT_SAYS(write_model_file({.model = model}), "Normalization");
}

TEST(Preprocessing, ComesAfterALayerThatStandsForTheInput) {
  Model model({4, 4, 3}, "named");
  model.append(Input{.name = "pixels"});
  model.append(Activation{.name = "same"}, {"pixels"});
  const Model made = with_preprocessing(model, preprocessing_named("tf"));
  EXPECT_EQ(made.name_of(0), "pixels");
  EXPECT_EQ(made.name_of(1), "preprocessing");
  EXPECT_EQ(made.nodes()[2].inputs, std::vector<int>{1});
}

TEST(Preprocessing, IsOfTheInputThatIsAnImage) {
  Model model = Model::with_inputs({{"age", {1}}, {"image", {4, 4, 3}}}, "two");
  model.append(GlobalAveragePooling2D{.name = "pool"}, {"image"});
  model.append(Concatenate{.name = "both"}, {"pool", "age"});
  const Model made = with_preprocessing(model, preprocessing_named("tf"));
  EXPECT_EQ(made.nodes()[0].inputs, std::vector<int>{-2});
  EXPECT_EQ(made.nodes()[static_cast<std::size_t>(made.find("pool"))].inputs, std::vector<int>{0});
}

TEST(Preprocessing, IsRefusedWhereTheModelHasItsOwnUnlessForced) {
  const Model own = with_preprocessing(identity({4, 4, 3}), preprocessing_named("tf"));
  EXPECT_TRUE(begins_with_preprocessing(own));
  EXPECT_SAYS(error_of([&] { with_preprocessing(own, preprocessing_named("tf")); }), "--force");
  EXPECT_EQ(with_preprocessing(own, preprocessing_named("tf"), true).layers(), 3);
}

TEST(Preprocessing, ThatIsUnknownNamesTheNearest) {
  EXPECT_SAYS(error_of([] { preprocessing_named("keras/mobilnet_v2"); }), "keras/mobilenet_v2");
  EXPECT_SAYS(error_of([] { preprocessing_named("1/0"); }), "SCALE");
  EXPECT_SAYS(error_of([] { preprocessing_named("1;2;0"); }), "STD is greater than 0");
  EXPECT_SAYS(error_of([] { preprocessing_named("1;2;3;4"); }), "three parts");
  EXPECT_SAYS(error_of([] { preprocessing_named(""); }), "imagenet");
}

TEST(Preprocessing, OfOtherChannelsIsRefused) {
  EXPECT_SAYS(error_of([] {
                with_preprocessing(identity({4, 4, 1}), preprocessing_named("imagenet"));
              }),
              "one for each of the 1 channels");
}

}  // namespace
}  // namespace evenkeel::interchange
