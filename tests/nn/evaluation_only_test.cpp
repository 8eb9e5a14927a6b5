#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "evenkeel/base/philox.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/program/executor.h"

namespace evenkeel {
namespace {

using namespace evenkeel::activations;

/// A model compiled for evaluation alone, and one that could run in any mode, on the same weights.
class EvaluationOnly : public testing::Test {
 protected:
  static constexpr std::int64_t kBatch = 3;

  /// All weights and the input are random, in double.
  void use(const Model& model, const std::vector<std::string>& keep = {}) {
    store_ = {};
    const auto compiled_for = [&](bool evaluation_only) {
      return evenkeel::compile(model, {.batch_size = kBatch,
                                       .loss = SoftmaxCrossEntropy{},
                                       .compute = {.real = DType::float64},
                                       .evaluation_only = evaluation_only,
                                       .keep = keep});
    };
    any_ = compiled_for(false);
    only_ = compiled_for(true);
    step_.modes.assign(static_cast<std::size_t>(model.layers()), LayerMode::of(Mode::evaluate));
    any_executor_ = std::make_unique<Executor>(*any_.program, store_, arena_, threads_);
    only_executor_ = std::make_unique<Executor>(*only_.program, store_, arena_, threads_);
    draw_weights();
    input_ = Tensor(model.input_shape().batched(kBatch), DType::float64);
    for (double& x : input_.as<double>()) x = random_.normal();
    any_executor_->bind("input", input_.view());
    only_executor_->bind("input", input_.view());
  }

  void draw_weights() {
    for (const WeightInfo& weight : only_.weights) {
      Block& block = weight.is_state ? store_.state : store_.parameters;
      for (double& x : block.values<double>(weight.name))
        x = weight.is_state ? 0.5 + random_.uniform() : random_.normal();
    }
  }

  std::vector<double> expected() {
    any_executor_->run(step_);
    const auto outputs = any_executor_->read(any_.outputs).as<double>();
    return {outputs.begin(), outputs.end()};
  }

  void expect_same(Segment segment = {}) {
    const auto outputs = expected();
    only_executor_->run(step_, segment);
    const auto actual = only_executor_->read(only_.outputs).as<double>();
    ASSERT_EQ(actual.size(), outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i)
      EXPECT_NEAR(actual[i], outputs[i], 1e-11 * (1 + std::abs(outputs[i]))) << i;
  }

  std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const Node& node : only_.program->nodes()) kinds.emplace_back(node.op->kind());
    return kinds;
  }
  bool has(const std::string& kind) const { return std::ranges::count(kinds(), kind) > 0; }

  RandomStream random_{{.seed = 1, .purpose = Purpose::study}};
  CompiledModel any_, only_;
  Store store_;
  Arena arena_;
  Threads threads_{2};
  Tensor input_;
  StepContext step_;
  std::unique_ptr<Executor> any_executor_, only_executor_;
};

Sequential normalized_convolution(const Conv2D& convolution, const BatchNormalization& normalization) {
  Sequential model({5, 6, 3});
  model.add(convolution, normalization, Activation{tanh}, Flatten{}, Dense{.units = 4});
  return model;
}

TEST_F(EvaluationOnly, FoldsANormalizationIntoTheConvolutionBeforeIt) {
  for (const bool use_bias : {true, false})
    for (const bool center : {true, false})
      for (const bool scale : {true, false}) {
        use(normalized_convolution({.filters = 7, .use_bias = use_bias}, {.center = center, .scale = scale}));
        EXPECT_FALSE(has("normalize"));
        expect_same();
      }
}

TEST_F(EvaluationOnly, FoldsItIntoConvolutionsWithGroups) {
  Sequential model({5, 6, 4});
  model.add(DepthwiseConv2D{.depth_multiplier = 3}, BatchNormalization{}, Activation{relu},
            Conv2D{.filters = 6, .kernel_size = 2, .groups = 2}, BatchNormalization{}, Flatten{}, Dense{.units = 4});
  use(model);
  EXPECT_FALSE(has("normalize"));
  expect_same();
}

TEST_F(EvaluationOnly, KeepsANormalizationWhoseInputIsReadElsewhere) {
  Sequential model({5, 6, 3});
  model.add(Conv2D{.filters = 4, .name = "conv"}, BatchNormalization{.name = "norm"});
  model.append(Add{}, {"conv", "norm"});
  model.add(Flatten{}, Dense{.units = 4});
  use(model);
  EXPECT_TRUE(has("normalize"));
  expect_same();
}

TEST_F(EvaluationOnly, KeepsANormalizationWhoseInputIsKept) {
  use(normalized_convolution({.filters = 7}, {}), {"conv2d/output"});
  EXPECT_TRUE(has("normalize"));
  expect_same();
}

TEST_F(EvaluationOnly, KeepsANormalizationAfterAnActivation) {
  use(normalized_convolution({.filters = 7, .activation = relu}, {}));
  EXPECT_TRUE(has("normalize"));
  expect_same();
}

TEST_F(EvaluationOnly, KeepsANormalizationAlongAnotherAxis) {
  use(normalized_convolution({.filters = 7}, {.axis = 1}));
  expect_same();
}

TEST_F(EvaluationOnly, IsTheSameForGhostBatchesAndRenormalization) {
  use(normalized_convolution({.filters = 7}, {.virtual_batch_size = 2}));
  expect_same();
  Sequential model({5, 6, 3});
  model.add(Conv2D{.filters = 4}, BatchRenormalization{}, BatchNormalizationFromParts{}, Flatten{}, Dense{.units = 4});
  use(model);
  expect_same();
}

TEST_F(EvaluationOnly, LeavesNoiseOut) {
  Sequential model({5, 6, 3});
  model.add(Dropout{}, SpatialDropout2D{}, Flatten{}, GaussianDropout{}, Dense{.units = 4}, AlphaDropout{}, Uout{});
  use(model);
  for (const char* kind : {"dropout", "spatial_dropout", "gaussian_dropout", "affine_dropout"}) EXPECT_FALSE(has(kind));
  expect_same();
}

TEST_F(EvaluationOnly, PoolsBeforeAMonotoneActivation) {
  for (const ActivationFunction f : {elu, silu})
    for (const std::int64_t stride : {2, 1}) {
      Sequential model({7, 6, 3});
      model.add(Conv2D{.filters = 4}, BatchNormalization{}, Activation{f},
                MaxPooling2D{.pool_size = 3, .strides = stride, .padding = Padding::same}, Flatten{},
                Dense{.units = 4});
      use(model);
      expect_same();
    }
}

TEST_F(EvaluationOnly, AddsAShortcutWithinTheConvolution) {
  Sequential model({5, 6, 3});
  model.add(Conv2D{.filters = 4, .padding = Padding::same, .name = "a"}, BatchNormalization{.name = "na"});
  model.append(Conv2D{.filters = 4, .kernel_size = 1, .name = "short"}, {"input"});
  model.append(Add{.name = "sum"}, {"na", "short"});
  model.add(Activation{silu});
  model.add(Conv2D{.filters = 4, .padding = Padding::same, .name = "b"}, BatchNormalization{.name = "nb"});
  model.append(Add{.name = "second"}, {"sum", "nb"});
  model.add(Activation{relu}, Flatten{}, Dense{.units = 4});
  use(model);
  EXPECT_FALSE(has("add"));
  expect_same();
}

TEST_F(EvaluationOnly, AddsWhatIsNoConvolutionByItself) {
  Sequential model({5, 6, 3});
  model.add(Conv2D{.filters = 4, .activation = relu, .name = "a"}, MaxPooling2D{.pool_size = 1, .name = "p"});
  model.append(Add{.name = "sum"}, {"a", "p"});
  model.append(Add{.name = "twice"}, {"sum", "sum"});
  model.add(Flatten{}, Dense{.units = 4});
  use(model);
  EXPECT_TRUE(has("add"));
  expect_same();
}

TEST_F(EvaluationOnly, ComputesWhatDependsOnWeightsAloneOnce) {
  use(normalized_convolution({.filters = 7}, {}));
  EXPECT_GT(only_.program->constant_lines.value_or(0), 0);
  EXPECT_EQ(only_executor_->after_constants().first, 0);
  only_executor_->run(step_);
  EXPECT_EQ(only_executor_->after_constants().first, *only_.program->constant_lines);
  const auto first = only_executor_->read(only_.outputs).as<double>();
  const std::vector<double> before(first.begin(), first.end());
  only_executor_->run(step_, only_executor_->after_constants());
  EXPECT_TRUE(std::ranges::equal(only_executor_->read(only_.outputs).as<double>(), before));
}

TEST_F(EvaluationOnly, ComputesItAgainWhereAnotherProgramHasUsedTheArena) {
  use(normalized_convolution({.filters = 7}, {}));
  only_executor_->run(step_);
  any_executor_->run(step_);
  EXPECT_EQ(only_executor_->after_constants().first, 0);
  expect_same(only_executor_->after_constants());
}

TEST_F(EvaluationOnly, FollowsWeightsThatHaveChanged) {
  use(normalized_convolution({.filters = 7}, {}));
  only_executor_->run(step_);
  draw_weights();
  expect_same();
}

}  // namespace
}  // namespace evenkeel
