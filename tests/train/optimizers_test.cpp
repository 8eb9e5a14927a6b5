#include "evenkeel/train/optimizers.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

TEST(Optimizers, HaveKerasDefaults) {
  const auto adam = std::get<Adam>(optimizer_named("adam"));
  EXPECT_EQ(adam.learning_rate, 0.001);
  EXPECT_EQ(adam.epsilon, 1e-7);
  const auto sgd = std::get<SGD>(optimizer_named("sgd"));
  EXPECT_EQ(sgd.learning_rate, 0.01);
  EXPECT_FALSE(sgd.nesterov);
}

TEST(Optimizers, KnowAdamWByKerassDefaults) {
  EXPECT_EQ(std::get<Adam>(optimizer_named("adamw")).weight_decay, 0.004);
  EXPECT_EQ(std::get<Adam>(optimizer_named("adam")).weight_decay, std::nullopt);
}

TEST(Optimizers, RefuseTwoWaysToClip) {
  EXPECT_THROW(check(SGD{.clipnorm = 1, .clipvalue = 1}), Error);
  EXPECT_THROW(check(Adam{.clipnorm = 1, .global_clipnorm = 1}), Error);
  EXPECT_NO_THROW(check(Adam{.weight_decay = 1, .global_clipnorm = 1, .ema_momentum = 0.9}));
}

TEST(Optimizers, AreSetByFieldName) {
  Optimizer optimizer = optimizer_named("sgd");
  set_field(optimizer, "momentum", 0.9);
  set_field(optimizer, "nesterov", true);
  EXPECT_EQ(std::get<SGD>(optimizer).momentum, 0.9);
  EXPECT_TRUE(std::get<SGD>(optimizer).nesterov);
}

TEST(Optimizers, RefuseAFieldOfAnotherOne) {
  Optimizer optimizer = optimizer_named("sgd");
  EXPECT_THROW(set_field(optimizer, "beta_1", 0.9), Error);
}

TEST(Optimizers, RefuseValuesOutOfRange) {
  Optimizer optimizer = optimizer_named("adam");
  EXPECT_THROW(set_field(optimizer, "learning_rate", 0.0), Error);
  EXPECT_THROW(set_field(optimizer, "beta_2", 1.0), Error);
}

TEST(Optimizers, RefuseAnUnknownName) { EXPECT_THROW(optimizer_named("adamm"), Error); }

}  // namespace
}  // namespace evenkeel
