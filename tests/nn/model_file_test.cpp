#include "evenkeel/nn/model_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

const std::string kHead = "input = [8, 8, 3]\n";  // one line

std::string refusal(const std::string& text) {
  return error_of([&] { parse_model_file(text, "m.toml"); });
}

/// What of two models a file must keep.
void expect_equal(const Model& a, const Model& b) {
  EXPECT_EQ(a.name(), b.name());
  EXPECT_EQ(a.input_shape(), b.input_shape());
  ASSERT_EQ(a.layers(), b.layers());
  for (std::size_t i = 0; i < a.nodes().size(); ++i) {
    EXPECT_EQ(a.nodes()[i].layer.type(), b.nodes()[i].layer.type());
    EXPECT_EQ(a.nodes()[i].layer.name(), b.nodes()[i].layer.name());
    EXPECT_EQ(a.nodes()[i].layer.settings(false), b.nodes()[i].layer.settings(false));
    EXPECT_EQ(a.nodes()[i].inputs, b.nodes()[i].inputs);
  }
}

void expect_round_trip(const ModelFile& file) {
  const std::string text = write_model_file(file);
  SCOPED_TRACE(text);
  const ModelFile read = parse_model_file(text, "written");
  expect_equal(read.model, file.model);
  EXPECT_EQ(read.training, file.training);
  EXPECT_EQ(write_model_file(read), text);
}

TEST(ModelFile, ReadsNameInputLayersAndTraining) {
  const ModelFile file = parse_model_file(R"toml(
name = "small"
input = [8, 8, 3]

[[layer]]
type = "Conv2D"
filters = 16
kernel_size = [3, 2]
padding = "same"
use_bias = false
kernel_initializer = "truncated_normal(0.1)"

[[layer]]
type = "Flatten"

[[layer]]
type = "Dense"
name = "head"
units = 10

[training]
loss = "mse"
learning_rate = 1
batch_size = 5
)toml",
                                          "m.toml");
  EXPECT_EQ(file.model.name(), "small");
  EXPECT_EQ(file.model.input_shape(), Shape({8, 8, 3}));
  ASSERT_EQ(file.model.layers(), 3);
  const Conv2D* conv = file.model.nodes()[0].layer.as<Conv2D>();
  ASSERT_NE(conv, nullptr);
  EXPECT_EQ(conv->filters, 16);
  EXPECT_EQ(conv->kernel_size, Size2D(3, 2));
  EXPECT_EQ(conv->padding, Padding::same);
  EXPECT_FALSE(conv->use_bias);
  EXPECT_EQ(conv->kernel_initializer, Initializer::truncated_normal(0.1));
  EXPECT_EQ(file.model.nodes()[2].layer.name(), "head");
  EXPECT_EQ(file.training, (Settings{{"loss", "mse"}, {"learning_rate", 1}, {"batch_size", 5}}));
}

TEST(ModelFile, TakesInputsAsAListOrAsOneName) {
  const ModelFile file = parse_model_file(
      "input = [4]\n[[layer]]\ntype = \"Dense\"\nname = \"a\"\nunits = 4\n"
      "[[layer]]\ntype = \"Dense\"\nname = \"b\"\nunits = 4\ninputs = \"input\"\n"
      "[[layer]]\ntype = \"Add\"\ninputs = [\"a\", \"b\"]\n",
      "m.toml");
  EXPECT_EQ(file.model.nodes()[1].inputs, std::vector<int>{-1});
  EXPECT_EQ(file.model.nodes()[2].inputs, (std::vector<int>{0, 1}));
}

TEST(ModelFile, IsCalledModelWithoutAName) {
  EXPECT_EQ(parse_model_file("input = [4]\n[[layer]]\ntype = \"Flatten\"\n", "m.toml").model.name(), "model");
}

TEST(ModelFile, WritesOnlyWhatIsNotTheDefault) {
  Sequential model({28, 28, 1}, "tiny");
  model.add(Conv2D{.filters = 8, .padding = Padding::same}, Flatten{}, Dense{.units = 10, .name = "head"});
  EXPECT_EQ(write_model_file({model, {{"optimizer", "adam"}, {"learning_rate", 0.001}, {"nesterov", false}}}),
            R"(name = "tiny"
input = [28, 28, 1]

[[layer]]
type = "Conv2D"
filters = 8
padding = "same"

[[layer]]
type = "Flatten"

[[layer]]
type = "Dense"
name = "head"
units = 10

[training]
optimizer = "adam"
learning_rate = 0.001
nesterov = false
)");
}

TEST(ModelFile, KeepsEveryTypeOfLayerAndOption) {
  Model model({9, 8, 3}, "all \"of\" them\\");
  model.append(Input{.name = "pixels"});
  model.append(Rescaling{.scale = 1 / 63.86, .offset = -120.69 / 63.86});
  model.append(Conv2D{.filters = 4,
                      .kernel_size = {3, 2},
                      .strides = {1, 2},
                      .padding = Padding::same,
                      .activation = leaky_relu,
                      .kernel_initializer = Initializer::he_normal(),
                      .trainable = false});
  model.append(BatchNormalization{.momentum = 0.75, .epsilon = 1e-5, .unbiased_moving_variance = true});
  model.append(MaxPooling2D{.pool_size = 2, .strides = Size2D(1), .padding = Padding::same});
  model.append(Conv2D{.filters = 4, .kernel_size = 1, .bias_initializer = Initializer::constant(0.1)}, {"conv2d"});
  model.append(Add{}, {"max_pooling2d", "conv2d_1"});
  model.append(Concatenate{}, {"add", "conv2d"});
  model.append(AveragePooling2D{});
  model.append(GlobalAveragePooling2D{});
  model.append(BatchNormalizationFromParts{.momentum = static_cast<double>(0.9f)});
  model.append(Dropout{.rate = 0.3});
  model.append(Uout{.beta = 0.25});
  model.append(Dense{.units = 3});
  model.append(Activation{softmax});
  expect_round_trip({model, {}});
}

TEST(ModelFile, KeepsNamesThatLookLikeKerass) {
  Model model({4});
  model.append(Dense{.units = 2, .name = "dense_1"});
  model.append(Dense{.units = 2, .name = "dense"});
  model.append(Dense{.units = 2, .name = "dense_7"});
  expect_round_trip({model, {}});
}

TEST(ModelFile, KeepsEveryTrainingSetting) {
  Sequential model({4});
  model.add(Dense{.units = 2});
  expect_round_trip({model,
                     {{"loss", "categorical_crossentropy"},
                      {"learning_rate", 0.1},
                      {"nesterov", true},
                      {"epsilon", 1e-8},
                      {"boundaries", std::vector<std::int64_t>{4, 9}},
                      {"class_weight", std::vector<double>{1, 2.5}},
                      {"steps", 800}}});
}

TEST(ModelFileError, NamesTheUnknownKeyAndTheNearestKnownOne) {
  EXPECT_EQ(
      refusal(kHead + "[[layer]]\ntype = \"Conv2D\"\nfilters = 4\n\n[[layer]]\ntype = \"Conv2D\"\nfilters = 4\n"
                      "kernal_size = 3\n"),
      "m.toml:9: Conv2D \"conv2d_1\": unknown key \"kernal_size\". Known: filters, kernel_size, strides, padding, "
      "dilation_rate, groups, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer, "
      "trainable, type, name, inputs. "
      "Did you mean \"kernel_size\"?");
}

TEST(ModelFileError, NamesTheUnknownLayerTypeAndTheNearestKnownOne) {
  const std::string error = refusal(kHead + "[[layer]]\ntype = \"Conv3D\"\nfilters = 4\n");
  EXPECT_SAYS(error, "m.toml:3: unknown layer type \"Conv3D\". Known: Input, Conv2D, Conv1D, DepthwiseConv2D,");
  EXPECT_SAYS(error, "Did you mean \"Conv2D\"?");
}

TEST(ModelFile, KnowsNamesInAnySpelling) {
  const std::string text = kHead +
                           "[[layer]]\ntype = \"conv2d\"\nfilters = 4\nactivation = \"LeakyReLU\"\n"
                           "padding = \"SAME\"\nkernel_initializer = \"HeNormal\"\n";
  const std::string again = write_model_file(parse_model_file(text, "m.toml"));
  EXPECT_SAYS(again, "type = \"Conv2D\"");
  EXPECT_SAYS(again, "activation = \"leaky_relu\"");
  EXPECT_SAYS(again, "padding = \"same\"");
  EXPECT_SAYS(again, "kernel_initializer = \"he_normal\"");
}

TEST(ModelFileError, NamesTheNearestActivation) {
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = \"Conv2D\"\nfilters = 4\nactivation = \"rleu\"\n"),
              "Did you mean \"relu\"?");
}

TEST(ModelFileError, NamesAValueOfTheWrongType) {
  EXPECT_EQ(refusal(kHead + "[[layer]]\ntype = \"Conv2D\"\nfilters = \"many\"\n"),
            "m.toml:4: Conv2D \"conv2d\": \"filters\": expected a whole number, received \"many\".");
}

TEST(ModelFileError, NamesAValueThatNoOptionTakes) {
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = \"Conv2D\"\nfilters = 1979-05-27\n"),
              "m.toml:4: Conv2D \"conv2d\": \"filters\": expected true or false, a number, a text,");
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = \"Conv2D\"\nfilters = 4\nkernel_size = [3, \"x\"]\n"),
              "m.toml:5: Conv2D \"conv2d\": \"kernel_size\": expected");
}

TEST(ModelFileError, NamesAValueOutOfRange) {
  EXPECT_EQ(refusal(kHead + "[[layer]]\ntype = \"Dropout\"\nname = \"drop\"\nrate = 1.5\n"),
            "m.toml:5: Dropout \"drop\": \"rate\": expected a number in [0, 1), received 1.5.");
}

TEST(ModelFileError, NamesTheKeyThatIsMissing) {
  EXPECT_EQ(refusal(kHead + "[[layer]]\ntype = \"Conv2D\"\n"),
            "m.toml:2: Conv2D \"conv2d\": \"filters\" is missing (number of output channels).");
  EXPECT_SAYS(refusal("input = [4]\n[[layer]]\ntype = \"Dense\"\n"), "\"units\" is missing");
}

TEST(ModelFileError, AsksForTheTypeOfALayer) {
  EXPECT_SAYS(refusal(kHead + "[[layer]]\nfilters = 4\n"), "m.toml:2: expected a layer with a type");
}

TEST(ModelFileError, AsksForTheInput) {
  EXPECT_SAYS(refusal("[[layer]]\ntype = \"Flatten\"\n"), "m.toml: expected the shape of one sample: input =");
}

TEST(ModelFileError, NamesAnInputThatIsNoShape) {
  for (const std::string input : {"0", "[]", "[8, 0]", "[8, -1, 3]", "\"8x8\"", "[1, 2, 3, 4, 5, 6]", "[8, 8.0]",
                                  "[4611686018427387904, 4611686018427387904]"})
    EXPECT_SAYS(refusal("\ninput = " + input + "\n[[layer]]\ntype = \"Flatten\"\n"), "m.toml:2: \"input\":");
}

TEST(ModelFileError, AsksForLayers) {
  EXPECT_SAYS(refusal(kHead), "m.toml: expected at least one [[layer]]");
  EXPECT_SAYS(refusal(kHead + "layer = []\n"), "[[layer]]");
}

TEST(ModelFileError, MindsTheDoubleBrackets) {
  EXPECT_SAYS(refusal(kHead + "[layer]\ntype = \"Flatten\"\n"), "Mind the double brackets.");
}

TEST(ModelFileError, NamesAnUnknownKeyAboveTheLayers) {
  EXPECT_EQ(refusal(kHead + "inptu = [3]\n[[layer]]\ntype = \"Flatten\"\n"),
            "m.toml:2: unknown key \"inptu\". Known: name, input, inputs, outputs, layer, training. "
            "Did you mean \"input\"?");
}

TEST(ModelFile, KeepsWhatTrainingSaysAsItStands) {
  const std::string file = kHead + "[[layer]]\ntype = \"Flatten\"\n[training]\nzeal = 3\nambition = \"none\"\n";
  const Settings training = parse_model_file(file, "m.toml").training;
  ASSERT_EQ(training.all().size(), 2u);
  EXPECT_EQ(training.all()[0].key, "zeal");
  EXPECT_EQ(training.all()[0].where, "m.toml:5: [training]");
  EXPECT_EQ(training.all()[1].value, FieldValue("none"));
}

TEST(ModelFileError, SaysLineAndColumnOfASyntaxError) {
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = Flatten\n"), "m.toml:3:8: ");
  EXPECT_SAYS(refusal(kHead + "input = [3]\n"), "m.toml:2:");
  EXPECT_NE(refusal("name = \"a"), "");
  EXPECT_NE(refusal("name = \"\xff\""), "");
}

TEST(ModelFileError, NamesANameThatIsTaken) {
  EXPECT_EQ(
      refusal(kHead + "[[layer]]\ntype = \"Flatten\"\nname = \"a\"\n[[layer]]\ntype = \"Flatten\"\nname = \"a\"\n"),
      "m.toml:5: Flatten \"a\": expected a name of its own, received one that is taken.");
}

TEST(ModelFileError, NamesAnUnknownInputAndTheNearestLayer) {
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = \"Flatten\"\nname = \"flat\"\n[[layer]]\ntype = \"Dense\"\nunits = 3\n"
                              "inputs = \"falt\"\n"),
              "m.toml:5: Dense \"dense\": inputs: expected layers that come before it, received \"falt\". "
              "Did you mean \"flat\"?");
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = \"Flatten\"\ninputs = []\n"),
              "m.toml:4: Flatten \"flatten\": \"inputs\"");
}

TEST(ModelFileError, NamesTheLayerWhoseInputDoesNotFit) {
  EXPECT_EQ(refusal(kHead + "[[layer]]\ntype = \"Flatten\"\n\n\n[[layer]]\ntype = \"GlobalMaxPooling2D\"\n"),
            "m.toml:6: GlobalMaxPooling2D \"global_max_pooling2d\": expected input [N, H, W, C], received [N, 192].");
}

TEST(ModelFileError, RefusesSizesThatNoMachineHolds) {
  EXPECT_SAYS(refusal("input = [4611686018427387904]\n[[layer]]\ntype = \"Flatten\"\n"), "m.toml");
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = \"Conv2D\"\nfilters = 9223372036854775807\n"),
              "m.toml:2: Conv2D \"conv2d\"");
  EXPECT_SAYS(refusal(kHead + "[[layer]]\ntype = \"MaxPooling2D\"\npool_size = 9223372036854775807\n"),
              "m.toml:4: MaxPooling2D \"max_pooling2d\": \"pool_size\"");
}

TEST(ModelFileError, NamesAFileThatIsNotThere) {
  TestFolder folder;
  EXPECT_SAYS(error_of([&] { read_model_file(folder / "none.toml"); }), "none.toml");
}

TEST(ModelFile, ReadsListsOfNumbersWholeOrNot) {
  const auto training_with = [](const std::string& setting) {
    return parse_model_file(kHead + "[[layer]]\ntype = \"Flatten\"\n[training]\n" + setting + "\n", "m.toml").training;
  };
  EXPECT_EQ(training_with("class_weight = [1, 2]").get<std::vector<double>>("class_weight"),
            (std::vector<double>{1, 2}));
  EXPECT_EQ(training_with("class_weight = [1, 2.5]").get<std::vector<double>>("class_weight"),
            (std::vector<double>{1, 2.5}));
  EXPECT_EQ(training_with("boundaries = [10, 20]").get<std::vector<std::int64_t>>("boundaries"),
            (std::vector<std::int64_t>{10, 20}));
}

TEST(ModelFile, IsReadFromDisk) {
  TestFolder folder;
  std::ofstream(folder / "m.toml") << kHead << "[[layer]]\ntype = \"Flatten\"\n";
  EXPECT_EQ(read_model_file(folder / "m.toml").model.layers(), 1);
}

TEST(ModelFile, ReadsTheFilesThatTheGoldensWereMadeWith) {
  for (const auto& entry : std::filesystem::directory_iterator(source_file("tests/golden")))
    if (entry.is_directory()) expect_round_trip(read_model_file(entry.path() / "model.toml"));
}

}  // namespace
}  // namespace evenkeel
