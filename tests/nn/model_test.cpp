#include "evenkeel/nn/model.h"

#include <gtest/gtest.h>

#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/registry.h"
#include "helpers.h"

namespace evenkeel {
namespace {

TEST(SnakeCase, IsKerassNameForAClass) {
  EXPECT_EQ(snake_case("Conv2D"), "conv2d");
  EXPECT_EQ(snake_case("Dense"), "dense");
  EXPECT_EQ(snake_case("BatchNormalization"), "batch_normalization");
  EXPECT_EQ(snake_case("MaxPooling2D"), "max_pooling2d");
  EXPECT_EQ(snake_case("AveragePooling2D"), "average_pooling2d");
  EXPECT_EQ(snake_case("GlobalAveragePooling2D"), "global_average_pooling2d");
}

TEST(Model, GivesLayersKerassNames) {
  Sequential model({8, 8, 3});
  model.add(Conv2D{.filters = 2}, Conv2D{.filters = 2}, BatchNormalization{}, Flatten{}, Dense{.units = 2},
            Dense{.units = 2});
  std::vector<std::string> names;
  for (const auto& node : model.nodes()) names.push_back(node.layer.name());
  EXPECT_EQ(names,
            (std::vector<std::string>{"conv2d", "conv2d_1", "batch_normalization", "flatten", "dense", "dense_1"}));
}

TEST(Model, CallsAnInputAsKerasDoes) { EXPECT_EQ(Model({4}).append(Input{}), "input_layer"); }

TEST(Model, CountsOnlyTheLayersWithoutAName) {
  Model model({4});
  EXPECT_EQ(model.append(Dense{.units = 2, .name = "first"}), "first");
  EXPECT_EQ(model.append(Dense{.units = 2}), "dense");
}

TEST(Model, SaysBeforehandWhichNameTheNextLayerGets) {
  Model model({4});
  EXPECT_EQ(model.default_name("Dense"), "dense");
  model.append(Dense{.units = 2});
  EXPECT_EQ(model.default_name("Dense"), "dense_1");
}

TEST(Model, ReadsTheLastLayerWhereNoInputsAreNamed) {
  Model model({4});
  model.append(Dense{.units = 2});
  model.append(Dense{.units = 2});
  EXPECT_EQ(model.nodes()[0].inputs, std::vector<int>{-1});
  EXPECT_EQ(model.nodes()[1].inputs, std::vector<int>{0});
}

TEST(Model, ReadsTheLayersThatAreNamed) {
  Model model({4});
  model.append(Dense{.units = 4, .name = "a"});
  model.append(Add{}, {"a", "input"});
  EXPECT_EQ(model.nodes()[1].inputs, (std::vector<int>{0, -1}));
}

TEST(Model, RefusesANameThatIsTaken) {
  Model model({4});
  model.append(Dense{.units = 2, .name = "a"});
  EXPECT_SAYS(error_of([&] { model.append(Dense{.units = 2, .name = "a"}); }), "layer \"a\"");
}

TEST(Model, RefusesNamesThatWouldBeTakenForSomethingElse) {
  Model model({4});
  EXPECT_THROW(model.append(Dense{.units = 2, .name = "a/b"}), Error);
  EXPECT_THROW(model.append(Dense{.units = 2, .name = "a\"b"}), Error);
  EXPECT_THROW(model.append(Dense{.units = 2, .name = "input"}), Error);
}

TEST(Model, RefusesAnInputThatComesLater) {
  Model model({4});
  model.append(Dense{.units = 2, .name = "first"});
  EXPECT_SAYS(error_of([&] { model.append(Dense{.units = 2}, {"frist"}); }), "Did you mean \"first\"?");
}

TEST(Model, RefusesAnInputWithoutElements) {
  EXPECT_THROW(Model(Shape{}), Error);
  EXPECT_THROW(Model({28, 0, 1}), Error);
}

TEST(Model, SaysWhichLayerDoesNotFitAndWhatItGot) {
  Sequential model({64});
  model.add(MaxPooling2D{});
  EXPECT_SAYS(error_of([&] { weights_of(model); }), "layer \"max_pooling2d\": input: expected images [N, H, W, C]");
}

TEST(Model, ChecksOptionsThatCodeHasSet) {
  Sequential model({4});
  model.add(Dense{.units = 3}, Dropout{.rate = 1.5});
  EXPECT_SAYS(error_of([&] { weights_of(model); }), "layer \"dropout\": \"rate\": expected a number in [0, 1)");
}

TEST(Model, RefusesTensorsThatNoMachineHolds) {
  Sequential model({1 << 20});
  model.add(Dense{.units = std::int64_t{1} << 40});
  EXPECT_SAYS(error_of([&] { weights_of(model); }), "\"dense/kernel\": expected at most 2^44 elements");
}

TEST(Model, HasKerassTensors) {
  Sequential model({8, 8, 3});
  model.add(Conv2D{.filters = 4, .kernel_size = {3, 2}}, BatchNormalization{}, Flatten{}, Dense{.units = 2});
  const auto weights = weights_of(model);
  std::vector<std::string> tensors;
  for (const WeightInfo& weight : weights) tensors.push_back(weight.name + ' ' + to_string(weight.shape));
  EXPECT_EQ(tensors, (std::vector<std::string>{
                         "conv2d/kernel [3, 2, 3, 4]", "conv2d/bias [4]", "batch_normalization/gamma [4]",
                         "batch_normalization/beta [4]", "batch_normalization/moving_mean [4]",
                         "batch_normalization/moving_variance [4]", "dense/kernel [168, 2]", "dense/bias [2]"}));
}

TEST(Registry, KnowsWhichFieldsMustBeGiven) {
  std::vector<std::string> required;
  for (const LayerType& type : layer_types())
    for (const auto& field : type.fields)
      if (field.required) required.push_back(type.type + '.' + field.name);
  EXPECT_EQ(required, (std::vector<std::string>{"Conv2D.filters", "Conv1D.filters", "SeparableConv2D.filters",
                                                "Conv2DTranspose.filters", "Dense.units", "Resizing.height",
                                                "Resizing.width", "ChannelShuffle.groups", "SliceChannels.count"}));
}

}  // namespace
}  // namespace evenkeel
