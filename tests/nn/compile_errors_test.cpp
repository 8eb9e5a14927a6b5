#include <gtest/gtest.h>

#include "evenkeel/nn/compile.h"
#include "tests/nn/helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

/// What compiling says, for a loss with integer labels.
std::string error_with(const Model& model, const Loss& loss, bool train = false) {
  return error_of([&] { compile(model, {.batch_size = 2, .loss = loss, .targets = Targets::labels, .train = train}); });
}

TEST(CompileErrors, SayWhichLayerGotWhatAndNeedsWhat) {
  Sequential model({64});
  model.add(GlobalAveragePooling2D{.name = "pool_2"});
  EXPECT_EQ(error_of([&] { compile(model, {}); }), "layer \"pool_2\": expected input [N, H, W, C], received [N, 64].");
}

TEST(CompileErrors, SayWhichLayersShapesDoNotFitEachOther) {
  Sequential model({6});
  model.append(Dense{.units = 3, .name = "a"});
  model.append(Dense{.units = 4, .name = "b"}, {"input"});
  model.append(Add{.name = "sum"}, {"a", "b"});
  EXPECT_SAYS(error_of([&] { compile(model, {}); }), "layer \"sum\"");
}

TEST(CompileErrors, SayThatAWindowIsLargerThanTheImage) {
  Sequential model({4, 4, 1});
  model.add(Conv2D{.filters = 1, .kernel_size = 5, .name = "c"});
  const std::string error = error_of([&] { compile(model, {}); });
  EXPECT_SAYS(error, "layer \"c\"");
  EXPECT_SAYS(error, "at least 5x5");
}

TEST(CompileErrors, RefuseAnOptionOutOfItsRange) {
  Sequential model({4});
  model.add(Dropout{.rate = 1.0, .name = "d"});
  const std::string error = error_of([&] { compile(model, {}); });
  EXPECT_SAYS(error, "layer \"d\"");
  EXPECT_SAYS(error, "\"rate\"");
}

TEST(CompileErrors, RefuseAModelWithoutLayers) {
  EXPECT_SAYS(error_of([&] { compile(Model({4}), {}); }), "at least one layer");
}

TEST(CompileErrors, RefuseALabelForAnOutputWithPositions) {
  Sequential model({4, 4, 1});
  model.add(Conv2D{.filters = 2, .name = "c"});
  EXPECT_SAYS(error_with(model, SoftmaxCrossEntropy{}), "layer \"c\": expected outputs [N, K] for the loss");
  EXPECT_SAYS(error_with(model, SoftmaxCrossEntropy{}), "targets for every position: y [N, 2, 2, 2]");
}

TEST(CompileErrors, RefuseASoftmaxOverASingleOutput) {
  Sequential model({4});
  model.add(Dense{.units = 1, .name = "d"});
  const std::string error = error_with(model, SoftmaxCrossEntropy{});
  EXPECT_SAYS(error, "layer \"d\": expected 2 or more outputs for the loss \"sparse_categorical_crossentropy\"");
  EXPECT_SAYS(error, "\"binary_crossentropy\", or 2 units");
  EXPECT_EQ(error_with(model, SigmoidCrossEntropy{}), "");
}

TEST(CompileErrors, RefuseABinaryLossBehindASoftmax) {
  Sequential model({4});
  model.add(Dense{.units = 2, .activation = softmax});
  EXPECT_SAYS(error_with(model, SigmoidCrossEntropy{}), "categorical_crossentropy after a softmax");
}

TEST(CompileErrors, RefuseACategoricalLossBehindASigmoid) {
  Sequential model({4});
  model.add(Dense{.units = 2, .activation = sigmoid});
  EXPECT_SAYS(error_with(model, SoftmaxCrossEntropy{}), "binary_crossentropy after a sigmoid");
}

TEST(CompileErrors, RefuseToTrainWithoutALoss) {
  Sequential model({4});
  model.add(Dense{.units = 2});
  EXPECT_SAYS(error_of([&] { compile(model, {.train = true}); }), "a loss and targets to train with");
}

TEST(CompileErrors, RefuseABatchWithoutSamples) {
  Sequential model({4});
  model.add(Dense{.units = 2});
  EXPECT_SAYS(error_of([&] { compile(model, {.batch_size = 0}); }), "batch size");
}

}  // namespace
}  // namespace evenkeel
