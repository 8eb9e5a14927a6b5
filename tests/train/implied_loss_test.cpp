#include "evenkeel/train/implied_loss.h"

#include <gtest/gtest.h>

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

Sequential ending(std::int64_t outputs, ActivationFunction last) {
  Sequential model({2});
  model.add(Dense{.units = outputs, .activation = last});
  return model;
}

Dataset with(Tensor y) {
  const std::int64_t n = y.shape()[0];
  return Dataset({.name = "set", .x = Tensor({n, 2}, DType::float32), .y = std::move(y), .class_names = {}});
}

using namespace activations;

TEST(ImpliedLoss, OfLabelsIsACrossEntropy) {
  const auto labels = [] { return with(tensor_of<std::int32_t>({3}, {0, 1, 2})); };
  EXPECT_EQ(implied_loss(ending(3, linear), labels()).name, "sparse_categorical_crossentropy");
  EXPECT_EQ(implied_loss(ending(3, softmax), labels()).name, "sparse_categorical_crossentropy");
  EXPECT_EQ(implied_loss(ending(3, sigmoid), labels()).name, "binary_crossentropy");
  EXPECT_EQ(implied_loss(ending(3, linear), labels()).because, "labels and 3 outputs");
}

TEST(ImpliedLoss, OfOneOutputIsBinaryOrANumber) {
  EXPECT_EQ(implied_loss(ending(1, linear), with(tensor_of<std::int32_t>({2}, {0, 1}))).name, "binary_crossentropy");
  EXPECT_EQ(implied_loss(ending(1, sigmoid), with(tensor_of<float>({2, 1}, {0, 1}))).name, "binary_crossentropy");
  EXPECT_EQ(implied_loss(ending(1, linear), with(tensor_of<std::int32_t>({2}, {0, 7}))).name, "mse");
  EXPECT_EQ(implied_loss(ending(1, linear), with(tensor_of<float>({2, 1}, {0, 0.5f}))).name, "mse");
}

TEST(ImpliedLoss, OfTargetsFollowsTheirValues) {
  const Dataset one_hot = with(tensor_of<float>({2, 2}, {0, 1, 1, 0})),
                several = with(tensor_of<float>({2, 2}, {1, 1, 0, 0}));
  EXPECT_EQ(implied_loss(ending(2, linear), one_hot).name, "categorical_crossentropy");
  EXPECT_EQ(implied_loss(ending(2, sigmoid), one_hot).name, "binary_crossentropy");
  EXPECT_EQ(implied_loss(ending(2, linear), several).name, "binary_crossentropy");
  EXPECT_EQ(implied_loss(ending(2, linear), with(tensor_of<float>({1, 2}, {3, -1}))).name, "mse");
}

TEST(ImpliedLoss, NeedsTargets) {
  EXPECT_SAYS(error_of([] { implied_loss(ending(2, linear), with(Tensor({0}, DType::int32))); }), "expected");
}

}  // namespace
}  // namespace evenkeel
