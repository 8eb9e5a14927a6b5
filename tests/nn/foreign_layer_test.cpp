#include "evenkeel/nn/foreign_layer.h"

#include "evenkeel/base/text.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/normalizations.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/nn/tensor_role.h"
#include "evenkeel/program/executor.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

ForeignLayer normalization(const std::string& name) {
  return {.kind = "BatchNorm2d",
          .output = {4, 4, 3},
          .tensors = {{.name = "gamma", .shape = {3}, .initializer = Initializer::ones()},
                      {.name = "moving_mean", .shape = {3}, .is_state = true},
                      {.name = "moving_variance", .shape = {3}, .is_state = true}},
          .is = {.normalization = NormalizationTraits{.epsilon = 1e-5, .moving = MovingTraits{.momentum = 0.9}},
                 .scale = "gamma",
                 .per_channel = true},
          .name = name};
}

Model foreign_model() {
  Model model({4, 4, 3}, "ResNet");
  model.append(normalization("layer3.0.bn2"));
  model.append(ForeignLayer{.kind = "Linear", .output = {10}, .flops = 96, .name = "head"});
  return model;
}

TEST(ForeignLayer, IsKnownByTraitsTensorsAndShapes) {
  const Model model = foreign_model();
  const CompiledModel compiled = compile(model, {.batch_size = 7});
  EXPECT_EQ(compiled.layer_outputs, (std::vector<Shape>{{4, 4, 3}, {10}}));
  ASSERT_EQ(compiled.weights.size(), 3u);
  EXPECT_EQ(compiled.weights[1].name, "layer3.0.bn2/moving_mean");
  EXPECT_TRUE(compiled.weights[1].is_state);
  const std::vector<Normalization> all = normalizations(model);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].variance, "layer3.0.bn2/moving_variance");
  EXPECT_EQ(role_of(model, "layer3.0.bn2/gamma"), TensorRole::scale);
}

TEST(ForeignLayer, IsCalledWhatItsFrameworkCallsIt) {
  const ModelSummary summary = summarize(foreign_model());
  EXPECT_EQ(summary.layers.at(0).type, "BatchNorm2d");
  EXPECT_EQ(summary.layers.at(0).name, "layer3.0.bn2");
}

TEST(ForeignLayer, RunsOnlyInItsFramework) {
  const CompiledModel compiled = compile(foreign_model(), {.batch_size = 1});
  Store store;
  Arena arena;
  EXPECT_SAYS(error_of([&] { Executor(*compiled.program, store, arena, Threads(1)); }),
              "only its own framework computes");
}

}  // namespace
}  // namespace evenkeel
