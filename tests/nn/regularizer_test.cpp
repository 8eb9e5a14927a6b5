#include "evenkeel/nn/regularizer.h"

#include <gtest/gtest.h>

#include "evenkeel/nn/model_file.h"
#include "network.h"

namespace evenkeel {
namespace {

double parsed(const std::string& text) {
  L2 regularizer{-1};
  return convert(FieldValue(text), regularizer) ? regularizer.l2 : -1;
}

TEST(L2, IsWrittenAsACall) {
  EXPECT_EQ(parsed("l2(0.0001)"), 0.0001);
  EXPECT_EQ(parsed("l2"), 0.01);
  EXPECT_EQ(field_value(L2{0.0001}), FieldValue(std::string("l2(0.0001)")));
}

TEST(L2, RefusesWhatIsNone) {
  for (const char* text : {"l1", "l2(-1)", "0.1", ""}) EXPECT_EQ(parsed(text), -1) << text;
}

Sequential model_with(const std::optional<L2>& regularizer, bool trainable = true) {
  Sequential model({4, 4, 2});
  model.add(Conv2D{.filters = 3, .kernel_regularizer = regularizer, .trainable = trainable, .name = "conv"}, Flatten{},
            Dense{.units = 3, .kernel_regularizer = regularizer, .trainable = trainable, .name = "dense"});
  return model;
}

TEST(L2, TravelsInModelFiles) {
  const ModelFile file = parse_model_file(write_model_file({.model = model_with(L2{0.25})}), "m.toml");
  EXPECT_EQ(file.model.nodes()[0].layer.as<Conv2D>()->kernel_regularizer, L2{0.25});
  EXPECT_EQ(file.model.nodes()[2].layer.as<Dense>()->kernel_regularizer, L2{0.25});
}

CompileOptions training() {
  return {.batch_size = 5,
          .loss = SoftmaxCrossEntropy{},
          .targets = Targets::labels,
          .train = true,
          .compute = {.real = DType::float64}};
}

std::vector<double> parameters(const Memory& memory, const std::string& name) {
  const auto values = memory.store.parameters.get(name).as<double>();
  return {values.begin(), values.end()};
}

TEST(L2, AddsItsPenaltyToEachSamplesLoss) {
  CompileOptions evaluation = training();
  evaluation.train = false;
  for (const CompileOptions& options : {training(), evaluation}) {
    Memory a, b;
    Compiled plain(model_with({}), options, a), regular(model_with(L2{0.25}), options, b);
    plain.run();
    regular.run();
    double penalty = 0;
    for (const char* name : {"conv/kernel", "dense/kernel"})
      for (const double w : parameters(b, name)) penalty += 0.25 * w * w;
    const auto without = plain.read(plain.compiled.loss), with = regular.read(regular.compiled.loss);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(with[i], without[i] + penalty, 1e-12);
  }
}

TEST(L2, AddsTwiceTheKernelToItsGradientOnly) {
  Memory a, b;
  Compiled plain(model_with({}), training(), a), regular(model_with(L2{0.25}), training(), b);
  plain.run();
  regular.run();
  for (const char* name : {"conv/kernel", "conv/bias", "dense/kernel", "dense/bias"}) {
    const auto without = plain.read(std::string(name) + "/gradient");
    const auto with = regular.read(std::string(name) + "/gradient"), w = parameters(b, name);
    const double factor = std::string(name).ends_with("kernel") ? 2 * 0.25 : 0;
    for (std::size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(with[i], without[i] + factor * w[i], 1e-12) << name;
  }
}

TEST(L2, OfAFrozenLayerIsNoPartOfTheLoss) {
  const CompileOptions options{.batch_size = 5, .loss = SoftmaxCrossEntropy{}, .targets = Targets::labels};
  Memory a, b;
  Compiled plain(model_with({}), options, a), frozen(model_with(L2{0.25}, false), options, b);
  plain.run();
  frozen.run();
  EXPECT_EQ(frozen.read(frozen.compiled.loss), plain.read(plain.compiled.loss));
}

}  // namespace
}  // namespace evenkeel
