#include "evenkeel/interchange/pytorch/state_dict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "evenkeel/nn/architectures/architectures.h"
#include "tests/interchange/round_trip.h"
#include "tests/nn/layer_examples.h"
#include "tests/support/testing.h"

namespace evenkeel::interchange {
namespace {

using formats::SafetensorsFile;

/// A dictionary with other names.
SafetensorsFile renamed(const SafetensorsFile& dict, const std::function<std::string(const std::string&)>& name) {
  SafetensorsFile other;
  for (const auto& [key, tensor] : dict.tensors) other.add(name(key), tensor.clone());
  return other;
}

SafetensorsFile without(const SafetensorsFile& dict, const std::string& key) {
  SafetensorsFile other;
  for (const auto& [name, tensor] : dict.tensors)
    if (name != key) other.add(name, tensor.clone());
  return other;
}

void expect_equal(const SafetensorsFile& a, const SafetensorsFile& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    const Tensor* other = b.find(name);
    ASSERT_NE(other, nullptr) << name;
    ASSERT_EQ(tensor.shape(), other->shape()) << name;
    EXPECT_EQ(std::memcmp(tensor.data(), other->data(), tensor.bytes()), 0) << name;
  }
}

Sequential small() {
  Sequential model({2, 3, 4});
  model.add(Conv2D{.filters = 4, .kernel_size = 1, .use_bias = false, .name = "features.0"},
            BatchNormalization{.name = "features.1"}, Flatten{}, Dense{.units = 5, .name = "head"});
  return model;
}

TEST(StateDict, HasPyTorchsNamesAndLayouts) {
  const Sequential model = small();
  const auto weights = drawn_weights(model, 1);
  const SafetensorsFile dict = to_state_dict(model, weights);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : dict.tensors) names.push_back(name + ' ' + to_string(tensor.shape()));
  EXPECT_THAT(names, testing::UnorderedElementsAre("features.0.weight [4, 4, 1, 1]", "features.1.weight [4]",
                                                   "features.1.bias [4]", "features.1.running_mean [4]",
                                                   "features.1.running_var [4]", "features.1.num_batches_tracked []",
                                                   "head.weight [5, 24]", "head.bias [5]"));
  EXPECT_EQ(dict.find("features.1.num_batches_tracked")->dtype(), DType::int64);
  const auto theirs = dict.find("head.weight")->as<float>(), ours = weights.find("head/kernel")->as<float>();
  for (std::size_t k = 0; k < 5; ++k)
    for (std::size_t h = 0; h < 2; ++h)
      for (std::size_t w = 0; w < 3; ++w)
        for (std::size_t c = 0; c < 4; ++c)
          ASSERT_EQ(theirs[k * 24 + (c * 2 + h) * 3 + w], ours[((h * 3 + w) * 4 + c) * 5 + k]);
}

TEST(StateDict, ComesBackToTheBitForEveryLayer) {
  int checked = 0;
  for (const Example& example : examples()) {
    SCOPED_TRACE(example.text());
    const Model model = model_of(example);
    const auto weights = drawn_weights(model, 1);
    expect_equal(weights, from_state_dict(model, to_state_dict(model, weights)));
    ++checked;
  }
  EXPECT_GT(checked, 200);
}

TEST(StateDict, ComesBackToTheBitForNetworks) {
  for (const char* name : {"resnet20", "squeezenet1_1", "mobilenet_v3_small"}) {
    const Model model = make_architecture(name, {.input = Shape{64, 64, 3}, .classes = 3}).model;
    const auto weights = drawn_weights(model, 1);
    expect_equal(weights, from_state_dict(model, to_state_dict(model, weights)));
  }
}

TEST(StateDict, TakesTheNamesOfAnImportedFile) {
  const Sequential model = small();
  const auto weights = drawn_weights(model, 1);
  Record record;
  record.layers = {
      {.name = "head",
       .foreign = "/classifier/Gemm",
       .type = "Gemm",
       .tensors = {
           {.name = "head/kernel", .foreign = "classifier.weight", .foreign_shape = {5, 24}, .seen_as = {}, .axes = {}},
           {.name = "head/bias", .foreign = "onnx::Gemm_12", .foreign_shape = {5}, .seen_as = {}, .axes = {}}}}};
  const SafetensorsFile dict = to_state_dict(model, weights, &record);
  EXPECT_NE(dict.find("classifier.weight"), nullptr);
  EXPECT_NE(dict.find("head.bias"), nullptr);  // an exporter made the other name up
  expect_equal(weights, from_state_dict(model, dict, &record));
}

TEST(StateDict, NamesTensorsAfterTheirLayersThatShareOneInTheImportedFile) {
  Sequential model({3});
  model.add(LayerScale{.name = "a"}, LayerScale{.name = "b"});
  Record record;
  for (const char* layer : {"a", "b"})
    record.layers.push_back({.name = layer,
                             .foreign = layer,
                             .type = "Mul",
                             .tensors = {{.name = std::string(layer) + "/gamma",
                                          .foreign = "block.scale",
                                          .foreign_shape = {3},
                                          .seen_as = {},
                                          .axes = {}}}});
  const auto weights = drawn_weights(model, 1);
  const SafetensorsFile dict = to_state_dict(model, weights, &record);
  EXPECT_NE(dict.find("block.scale"), nullptr);
  EXPECT_NE(dict.find("b.weight"), nullptr);
  expect_equal(weights, from_state_dict(model, dict, &record));
}

TEST(StateDict, LeavesAPrefixOutThatAllKeysShare) {
  const Sequential model = small();
  const auto weights = drawn_weights(model, 1);
  const auto dict = renamed(to_state_dict(model, weights), [](const std::string& key) { return "module." + key; });
  std::vector<std::string> notes;
  expect_equal(weights, from_state_dict(model, dict, nullptr, &notes));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_SAYS(notes[0], "module.");
}

TEST(StateDict, FindsPyTorchsModulesOfOurArchitectures) {
  Sequential model({4, 4, 3});
  model.add(Conv2D{.filters = 3, .name = "layer1_0_conv1"}, BatchNormalization{.name = "layer1_0_bn1"});
  const auto weights = drawn_weights(model, 1);
  const auto dict = renamed(to_state_dict(model, weights), [](const std::string& key) {
    return "layer1.0." + key.substr(std::string("layer1_0_").size());
  });
  expect_equal(weights, from_state_dict(model, dict));
}

TEST(StateDict, FindsModulesByTheirShapesWhereTheseFitInOneWay) {
  Sequential model({6, 6, 3});
  for (int i = 0; i < 12; ++i) model.add(Conv2D{.filters = 3, .kernel_size = 3, .padding = Padding::same});
  model.add(Flatten{}, Dense{.units = 2});
  const auto weights = drawn_weights(model, 1);
  // "conv2d_10" becomes "net.10": its number counts, not its place in the alphabet.
  const auto name = [](const std::string& key) {
    const std::string module = key.substr(0, key.find('.')), part = key.substr(key.find('.'));
    if (module == "dense") return "head" + part;
    return "net." + (module == "conv2d" ? "0" : module.substr(7)) + part;
  };
  std::vector<std::string> notes;
  expect_equal(weights, from_state_dict(model, renamed(to_state_dict(model, weights), name), nullptr, &notes));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_SAYS(notes[0], "shapes");
}

TEST(StateDict, DoesNotGuessBetweenModulesOfOneShape) {
  Sequential model({4});
  model.add(Dense{.units = 4}, Dense{.units = 4});
  const auto dict = renamed(to_state_dict(model, drawn_weights(model, 1)), [](const std::string& key) {
    return key.starts_with("dense_1") ? "query" + key.substr(7) : "value" + key.substr(5);
  });
  EXPECT_SAYS(error_of([&] { from_state_dict(model, dict); }), "missing keys: \"dense.weight\"");
}

TEST(StateDict, ListsMissingAndUnexpectedKeysAndSizes) {
  const Sequential model = small();
  auto dict = without(to_state_dict(model, drawn_weights(model, 1)), "head.bias");
  EXPECT_SAYS(error_of([&] { from_state_dict(model, dict); }), "missing keys: \"head.bias\"");
  dict = to_state_dict(model, drawn_weights(model, 1));
  dict.add("extra.weight", Tensor({2}, DType::float32));
  EXPECT_SAYS(error_of([&] { from_state_dict(model, dict); }), "unexpected keys: \"extra.weight\"");
  dict = without(to_state_dict(model, drawn_weights(model, 1)), "head.weight");
  dict.add("head.weight", Tensor({24, 5}, DType::float32));
  EXPECT_SAYS(error_of([&] { from_state_dict(model, dict); }),
              "\"head.weight\" is [24, 5] in the file and [5, 24] in the model");
}

TEST(StateDict, KeepsTheNumberOfBatchesThatALayerCounts) {
  Sequential model({4});
  model.add(BatchNormalization{.cumulative_average = true});
  const auto weights = drawn_weights(model, 1);
  const SafetensorsFile dict = to_state_dict(model, weights);
  EXPECT_EQ(dict.find("batch_normalization.num_batches_tracked")->as<std::int64_t>()[0], 7);
  expect_equal(weights, from_state_dict(model, dict));
}

TEST(StateDict, ReadsFilesWithoutNumbersOfBatches) {
  const Sequential model = small();
  const auto weights = drawn_weights(model, 1);
  const auto dict = without(to_state_dict(model, weights), "features.1.num_batches_tracked");
  expect_equal(weights, from_state_dict(model, dict));
}

}  // namespace
}  // namespace evenkeel::interchange
