#include "evenkeel/diagnose/measure/graph.h"

#include <gmock/gmock.h>

#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

using namespace activations;
using ::testing::ElementsAre;

std::vector<std::string> names_of(const Model& model, const std::vector<int>& layers) {
  std::vector<std::string> names;
  for (const int i : layers) names.push_back(model.nodes()[static_cast<std::size_t>(i)].layer.name());
  return names;
}

TEST(OutputLayers, AreTheLastThatMakesChannelsAndThoseThatKeepThemApart) {
  EXPECT_THAT(names_of(residual_model(), output_layers(residual_model())), ElementsAre("head"));
  Sequential model({8, 8, 3});
  model.add(Conv2D{.filters = 4, .activation = relu}, Conv2D{.filters = 2, .name = "last"},
            BatchNormalization{.name = "norm"}, GlobalAveragePooling2D{.name = "pooled"}, Dropout{.name = "drop"},
            Activation{.activation = softmax, .name = "scores"});
  EXPECT_THAT(names_of(model, output_layers(model)), ElementsAre("scores", "drop", "pooled", "norm", "last"));
  EXPECT_THAT(names_of(model, layers_before_loss(model)), ElementsAre("scores", "drop", "pooled"));
}

TEST(OnlyWay, IsALayerThatNoBranchLeadsAround) {
  const Model model = residual_model();
  for (const char* name : {"stem", "trunk", "of_joined", "head"}) {
    const bool around = std::string(name) != "head" && std::string(name) != "of_joined";  // "joined" reads the input
    EXPECT_EQ(is_only_way(model, model.find(name)), !around) << name;
  }
  EXPECT_FALSE(is_only_way(model, model.find("of_left")));
  EXPECT_TRUE(is_only_way(chain_model(), 0));
}

TEST(NormalizedValues, AreCountedByWhatANormalizationTakesTogether) {
  const auto values = [](const Layer& layer, const Shape& sample, std::int64_t samples) {
    return normalized_values(layer.traits().normalization.value(), sample, samples);
  };
  EXPECT_EQ(values(BatchNormalization{}, {4, 5, 6}, 8), 160);
  EXPECT_EQ(values(BatchNormalization{.axis = 1}, {4, 5, 6}, 8), 240);
  EXPECT_EQ(values(BatchNormalization{.axis = -2}, {4, 5, 6}, 8), 192);
  EXPECT_EQ(values(BatchNormalization{.virtual_batch_size = 2}, {4, 5, 6}, 8), 40);
  EXPECT_EQ(values(BatchNormalization{}, {6}, 1), 1);
  EXPECT_EQ(values(LayerNormalization{}, {4, 5, 6}, 8), 6);
  EXPECT_EQ(values(GroupNormalization{.groups = 3}, {4, 5, 6}, 8), 40);
  EXPECT_EQ(values(InstanceNormalization{}, {4, 5, 6}, 8), 20);
}

}  // namespace
}  // namespace evenkeel
