#include "evenkeel/nn/weights_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "evenkeel/formats/safetensors.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/model_file.h"
#include "helpers.h"

namespace evenkeel {
namespace {

/// A model with memory for its tensors.
struct Loaded {
  explicit Loaded(const Model& model, DType real = DType::float32)
      : compiled(compile(model, {.batch_size = 1, .compute = {.real = real}})) {
    store.fit(*compiled.program);
  }

  CompiledModel compiled;
  Store store;
};

Sequential small_model() {
  Sequential model({6, 6, 2});
  model.add(Conv2D{.filters = 3}, BatchNormalization{}, Flatten{}, Dense{.units = 4});
  return model;
}

std::string refusal(const std::filesystem::path& path, const Model& model) {
  Loaded loaded(model);
  return error_of([&] { load_weights(path, loaded.compiled.weights, loaded.store); });
}

/// A file with the model's tensors, all zero, under the names that `rename` makes of theirs.
template <class Rename>
void write_renamed(const std::filesystem::path& path, const Model& model, Rename rename) {
  std::vector<Tensor> tensors;
  std::vector<formats::SafetensorsEntry> entries;
  for (const WeightInfo& weight : weights_of(model))
    entries.push_back({rename(weight.name), tensors.emplace_back(weight.shape, DType::float32)});
  formats::write_safetensors(path, entries);
}

TEST(WeightsFile, GivesBackEveryTensorBitForBit) {
  TestFolder folder;
  Loaded saved(small_model()), read(small_model());
  initialize_weights(saved.compiled.weights, 1, saved.store);
  saved.store.state.values<float>("batch_normalization/moving_mean")[1] = 0.1f;
  save_weights(folder / "w.safetensors", saved.compiled.weights, saved.store);
  load_weights(folder / "w.safetensors", read.compiled.weights, read.store);
  for (const WeightInfo& weight : saved.compiled.weights) {
    const auto a = (weight.is_state ? saved.store.state : saved.store.parameters).values<float>(weight.name);
    const auto b = (weight.is_state ? read.store.state : read.store.parameters).values<float>(weight.name);
    EXPECT_TRUE(std::ranges::equal(a, b)) << weight.name;
  }
}

TEST(WeightsFile, HoldsTheModelsTensorsInItsOrder) {
  TestFolder folder;
  Loaded saved(small_model());
  save_weights(folder / "w.safetensors", saved.compiled.weights, saved.store);
  const auto file = formats::read_safetensors(folder / "w.safetensors");
  ASSERT_EQ(file.tensors.size(), saved.compiled.weights.size());
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    EXPECT_EQ(file.tensors[i].first, saved.compiled.weights[i].name);
    EXPECT_EQ(file.tensors[i].second.shape(), saved.compiled.weights[i].shape);
  }
}

TEST(WeightsFile, KeepsMetadataAndSaysItsFormat) {
  TestFolder folder;
  Loaded model(small_model());
  save_weights(folder / "w.safetensors", model.compiled.weights, model.store, {{"class_names", "[\"a\", \"b\"]"}});
  const auto metadata = load_weights(folder / "w.safetensors", model.compiled.weights, model.store);
  EXPECT_EQ(metadata,
            (std::map<std::string, std::string>{{"class_names", "[\"a\", \"b\"]"}, {"format", "evenkeel-weights-1"}}));
}

TEST(WeightsFile, IsFloat32FromAndIntoAStoreInDouble) {
  TestFolder folder;
  Loaded saved(small_model(), DType::float64), read(small_model(), DType::float64);
  initialize_weights(saved.compiled.weights, 1, saved.store);
  save_weights(folder / "w.safetensors", saved.compiled.weights, saved.store);
  EXPECT_EQ(formats::read_safetensors(folder / "w.safetensors").tensors[0].second.dtype(), DType::float32);
  load_weights(folder / "w.safetensors", read.compiled.weights, read.store);
  const double exact = saved.store.parameters.values<double>("dense/kernel")[0];
  EXPECT_EQ(read.store.parameters.values<double>("dense/kernel")[0], static_cast<double>(static_cast<float>(exact)));
}

TEST(WeightsFile, LoadsDoublesIntoAStoreOfFloats) {
  TestFolder folder;
  Sequential model({1});
  model.add(Dense{.units = 1, .use_bias = false});
  const double value = 0.1;
  formats::write_safetensors(folder / "w.safetensors",
                             {{"dense/kernel", Tensor::of<double>({1, 1}, std::span(&value, 1))}});
  Loaded read(model);
  load_weights(folder / "w.safetensors", read.compiled.weights, read.store);
  EXPECT_EQ(read.store.parameters.values<float>("dense/kernel")[0], 0.1f);
}

TEST(WeightsFile, LoadsWhatPythonWrote) {
  for (const auto& entry : std::filesystem::directory_iterator(source_file("tests/golden"))) {
    if (!entry.is_directory()) continue;
    SCOPED_TRACE(entry.path().string());
    Loaded model(read_model_file(entry.path() / "model.toml").model);
    const auto path = entry.path() / "initial.safetensors";
    EXPECT_NO_THROW(load_weights(path, model.compiled.weights, model.store));
    const WeightInfo& first = model.compiled.weights.front();
    const auto kernel = (first.is_state ? model.store.state : model.store.parameters).values<float>(first.name);
    EXPECT_TRUE(std::ranges::equal(kernel, formats::read_safetensors(path).find(first.name)->as<float>()));
  }
}

TEST(WeightsFile, LoadsWhatIsNotFinite) {
  TestFolder folder;
  Loaded saved(small_model()), read(small_model());
  saved.store.parameters.values<float>("dense/bias")[0] = std::numeric_limits<float>::quiet_NaN();
  saved.store.parameters.values<float>("dense/bias")[1] = -std::numeric_limits<float>::infinity();
  save_weights(folder / "w.safetensors", saved.compiled.weights, saved.store);
  load_weights(folder / "w.safetensors", read.compiled.weights, read.store);
  EXPECT_TRUE(std::isnan(read.store.parameters.values<float>("dense/bias")[0]));
  EXPECT_EQ(read.store.parameters.values<float>("dense/bias")[1], -std::numeric_limits<float>::infinity());
}

TEST(WeightsFile, SaysWhichAxisTheTensorsOfANormalizationWouldFit) {
  const auto model = [](std::int64_t axis) {
    Sequential made({28, 30, 16});
    made.add(BatchNormalization{.axis = axis, .name = "bn"});
    return made;
  };
  TestFolder folder;
  Loaded saved(model(1));
  save_weights(folder / "w.safetensors", saved.compiled.weights, saved.store);
  const std::string text = refusal(folder / "w.safetensors", model(-1));
  EXPECT_SAYS(text, "\"bn/gamma\" has 28 elements; the layer normalizes axis -1 of [N, 28, 30, 16]; they fit axis 1");
  EXPECT_SAYS(text, "\"bn/moving_variance\" has 28 elements");
  EXPECT_SAYS(refusal(folder / "w.safetensors", model(2)), "the layer normalizes axis 2 of [N, 28, 30, 16]");
}

TEST(WeightsFile, SaysNothingOfAnAxisWhereTheTensorsOfANormalizationFitNone) {
  Sequential model({28, 30, 16}), other({28, 30, 17});
  model.add(BatchNormalization{.name = "bn"});
  other.add(BatchNormalization{.name = "bn"});
  TestFolder folder;
  Loaded saved(other);
  save_weights(folder / "w.safetensors", saved.compiled.weights, saved.store);
  EXPECT_SAYS(refusal(folder / "w.safetensors", model), "\"bn/gamma\" is [17] instead of [16]");
}

TEST(WeightsFile, NamesEveryTensorThatDoesNotFit) {
  TestFolder folder;
  Sequential other({6, 6, 2});
  other.add(Conv2D{.filters = 5}, Flatten{}, Dense{.units = 4}, Dense{.units = 2});
  Loaded saved(other);
  save_weights(folder / "w.safetensors", saved.compiled.weights, saved.store);
  const std::string error = refusal(folder / "w.safetensors", small_model());
  EXPECT_SAYS(error, "w.safetensors: expected the model's 8 tensors, received others: ");
  EXPECT_SAYS(error, "\"conv2d/kernel\" is [3, 3, 2, 5] instead of [3, 3, 2, 3]");
  EXPECT_SAYS(error, "\"batch_normalization/gamma\" [3] is missing");
  EXPECT_SAYS(error, "\"batch_normalization/moving_variance\" [3] is missing");
  EXPECT_SAYS(error, "\"dense/kernel\" is [80, 4] instead of [48, 4]");
  EXPECT_SAYS(error, "\"dense_1/bias\" [2] belongs to no layer");
  EXPECT_FALSE(contains(error, "numbers in the layers' names")) << error;
}

TEST(WeightsFile, NamesThePrefixThatEveryNameHas) {
  for (const std::string prefix : {"module.", "net/", "_orig_mod.model.", "model.batch_"}) {
    TestFolder folder;
    write_renamed(folder / "w.safetensors", small_model(), [&](const std::string& name) { return prefix + name; });
    const std::string error = refusal(folder / "w.safetensors", small_model());
    EXPECT_SAYS(error, "received the same ones with \"" + prefix + "\" before every name");
    EXPECT_SAYS(error, "name.removeprefix(\"" + prefix + "\")");
    EXPECT_FALSE(contains(error, "conv2d")) << error;
  }
}

TEST(WeightsFile, KnowsPyTorchsNames) {
  TestFolder folder;
  const std::map<std::string, std::string> names = {{"kernel", "weight"},
                                                    {"bias", "bias"},
                                                    {"gamma", "weight"},
                                                    {"beta", "bias"},
                                                    {"moving_mean", "running_mean"},
                                                    {"moving_variance", "running_var"}};
  write_renamed(folder / "w.safetensors", small_model(), [&](const std::string& name) {
    const std::size_t slash = name.find('/');
    return name.substr(0, slash) + '.' + names.at(name.substr(slash + 1));
  });
  const std::string error = refusal(folder / "w.safetensors", small_model());
  EXPECT_SAYS(error, "received PyTorch's names: ");
  EXPECT_SAYS(error, "running_mean \"moving_mean\"");
  EXPECT_FALSE(contains(error, "is missing")) << error;
}

TEST(WeightsFile, KnowsTransposedKernels) {
  TestFolder folder;
  std::vector<Tensor> tensors;
  std::vector<formats::SafetensorsEntry> entries;
  for (const WeightInfo& w : weights_of(small_model())) {
    Shape shape = w.shape;
    if (shape.rank() == 2) shape = {w.shape[1], w.shape[0]};
    if (shape.rank() == 4) shape = {w.shape[3], w.shape[2], w.shape[0], w.shape[1]};
    entries.push_back({w.name, tensors.emplace_back(shape, DType::float32)});
  }
  formats::write_safetensors(folder / "w.safetensors", entries);
  const std::string error = refusal(folder / "w.safetensors", small_model());
  EXPECT_SAYS(error,
              "received transposed kernels: \"conv2d/kernel\" is [3, 2, 3, 3] instead of [3, 3, 2, 3]; "
              "\"dense/kernel\" is [4, 48] instead of [48, 4]. Transpose all of them");
  EXPECT_SAYS(error, "dense ones by w.T");
}

TEST(WeightsFile, NamesAtMostTenThatDoNotFit) {
  Sequential deep({4});
  for (int i = 0; i < 9; ++i) deep.add(Dense{.units = 4});
  TestFolder folder;
  write_renamed(folder / "w.safetensors", deep, [](const std::string& name) { return "other_" + name + "_x"; });
  const std::string error = refusal(folder / "w.safetensors", deep);
  EXPECT_SAYS(error, " and 26 more");
  EXPECT_EQ(std::ranges::count(error, ';'), 9);
}

TEST(WeightsFile, RefusesWholeNumbers) {
  TestFolder folder;
  Sequential model({1});
  model.add(Dense{.units = 1, .use_bias = false});
  formats::write_safetensors(folder / "w.safetensors", {{"dense/kernel", Tensor({1, 1}, DType::int32)}});
  EXPECT_SAYS(refusal(folder / "w.safetensors", model), "\"dense/kernel\" is int32 instead of float32");
}

TEST(WeightsFile, ExplainsNamesThatKerasHasCountedOn) {
  TestFolder folder;
  write_renamed(folder / "w.safetensors", small_model(), [](std::string name) {
    const std::size_t slash = name.find('/');
    return name.substr(0, slash) + "_3" + name.substr(slash);
  });
  const std::string error = refusal(folder / "w.safetensors", small_model());
  EXPECT_SAYS(error, "\"conv2d/kernel\" [3, 3, 2, 3] is missing");
  EXPECT_SAYS(error, "Only the numbers in the layers' names differ");
}

TEST(WeightsFile, LeavesTheStoreAloneWhenItDoesNotFit) {
  TestFolder folder;
  Loaded model(small_model());
  initialize_weights(model.compiled.weights, 1, model.store);
  const float before = model.store.parameters.values<float>("conv2d/kernel")[0];
  write_renamed(folder / "w.safetensors", small_model(),
                [](const std::string& name) { return name == "dense/bias" ? "dense/biases" : name; });
  EXPECT_THROW(load_weights(folder / "w.safetensors", model.compiled.weights, model.store), Error);
  EXPECT_EQ(model.store.parameters.values<float>("conv2d/kernel")[0], before);
}

TEST(WeightsFile, NamesAFileThatIsNotThere) {
  TestFolder folder;
  EXPECT_SAYS(refusal(folder / "none.safetensors", small_model()), "none.safetensors");
}

}  // namespace
}  // namespace evenkeel
