#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/nn/model_file.h"
#include "evenkeel/nn/summary.h"
#include "helpers.h"

namespace evenkeel {
namespace {

/// Each model file in examples/models.
class ExampleModel : public testing::TestWithParam<std::string> {
 protected:
  std::filesystem::path path() const { return source_file("examples/models/" + GetParam() + ".toml"); }
};

std::vector<std::string> example_models() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(source_file("examples/models")))
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

TEST_P(ExampleModel, ReadsBackAsItIsWritten) {
  const ModelFile file = read_model_file(path());
  const std::string text = write_model_file(file);
  const ModelFile again = parse_model_file(text, "written");
  EXPECT_EQ(write_model_file(again), text);
  EXPECT_EQ(summary(again.model), summary(file.model));
  EXPECT_EQ(again.training, file.training);
}

TEST_P(ExampleModel, IsNamedAsItsFile) { EXPECT_EQ(read_model_file(path()).model.name(), GetParam()); }

TEST_P(ExampleModel, SaysHowItIsTrained) {
  const Settings training = read_model_file(path()).training;
  for (const char* key : {"loss", "optimizer", "learning_rate", "batch_size"}) EXPECT_TRUE(training.has(key)) << key;
  EXPECT_NE(training.has("epochs"), training.has("steps"));
}

TEST_P(ExampleModel, YieldsTenClasses) {
  EXPECT_EQ(summarize(read_model_file(path()).model).layers.back().output_shape, Shape({10}));
}

INSTANTIATE_TEST_SUITE_P(Of, ExampleModel, testing::ValuesIn(example_models()),
                         [](const auto& name) { return name.param; });

ModelSummary example(const std::string& name) {
  return summarize(read_model_file(source_file("examples/models/" + name + ".toml")).model);
}

TEST(ExampleModels, HaveAsManyParametersAsTheSameNetworksInKeras) {
  struct Counts {
    std::string name;
    std::int64_t total, trainable;
  };
  const std::vector<Counts> keras = {{"depth", 340406, 338686},      {"inception", 13574, 13574},
                                     {"lenet", 61706, 61706},        {"lenet_batch_norm_dropout", 62384, 61932},
                                     {"placement", 553850, 553626},  {"residual", 19994, 19706},
                                     {"speedup", 27958832, 27935746}};
  for (const Counts& expected : keras) {
    EXPECT_EQ(example(expected.name).total, expected.total) << expected.name;
    EXPECT_EQ(example(expected.name).trainable, expected.trainable) << expected.name;
  }
}

TEST(ExampleModels, HaveTheSpeedupNetworkOfTheStudy) {
  const ModelSummary speedup = example("speedup");
  const auto flatten = std::ranges::find(speedup.layers, "flatten", &LayerSummary::name);
  ASSERT_NE(flatten, speedup.layers.end());
  EXPECT_EQ(flatten->output_shape, Shape({7260}));
}

TEST(ExampleModels, HaveTheDepthNetworkOfTheStudy) {
  const ModelSummary depth = example("depth");
  EXPECT_EQ(std::ranges::count(depth.layers, "Conv2D", &LayerSummary::type), 19);
  const auto flatten = std::ranges::find(depth.layers, "flatten", &LayerSummary::name);
  ASSERT_NE(flatten, depth.layers.end());
  EXPECT_EQ(flatten->output_shape, Shape({76}));
}

TEST(ExampleModels, HaveGraphsAsWellAsChains) {
  EXPECT_FALSE(example("residual").is_chain);
  EXPECT_FALSE(example("inception").is_chain);
  EXPECT_TRUE(example("lenet").is_chain);
}

}  // namespace
}  // namespace evenkeel
