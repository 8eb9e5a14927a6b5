#include "evenkeel/diagnose/measure/capacity.h"

#include <gtest/gtest.h>

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

std::int64_t bytes_of(const Model& model, std::int64_t batch_size) {
  return compile(model, {.batch_size = batch_size}).program->memory.arena_bytes;
}

TEST(BatchThatFits, IsTheLargestHalfOfAHalfWhoseValuesFit) {
  const Model model = chain_model();
  for (const std::int64_t size : {64, 16, 2}) {
    EXPECT_EQ(batch_that_fits(model, {}, 64, bytes_of(model, size)), size);
    EXPECT_EQ(batch_that_fits(model, {}, 64, bytes_of(model, size) - 1), size / 2);
  }
  EXPECT_EQ(batch_that_fits(model, {}, 64, 0), 1) << "one sample is tried, whatever it takes";
  EXPECT_EQ(batch_that_fits(model, {}, 11, std::int64_t{1} << 40), 11);
}

TEST(BatchThatFits, IsSmallerWhereMoreIsKept) {
  const Model model = make_architecture("resnet18", {.input = Shape{64, 64, 3}}).model;
  const std::int64_t bytes = bytes_of(model, 32);
  EXPECT_EQ(batch_that_fits(model, {}, 32, bytes), 32);
  EXPECT_LT(
      batch_that_fits(model, {.loss = SoftmaxCrossEntropy{}, .targets = Targets::labels, .train = true}, 32, bytes),
      32);
}

TEST(FlopsOfSample, AreThoseThatArePublished) {
  // Multiply-adds by torchvision, without the last layer's bias: 1.81e9 and 4.09e9.
  for (const auto& [name, adds] : {std::pair{"resnet18", 1.81e9}, std::pair{"resnet50", 4.09e9}})
    EXPECT_NEAR(flops_of_sample(make_architecture(name, {}).model), 2 * adds, 0.02 * adds) << name;
}

TEST(Effort, IsToldOfLargeNetworksWhereFewerSamplesWouldDo) {
  const Model large = make_architecture("resnet18", {}).model, small = chain_model();
  EXPECT_SAYS(effort_text(large, 2048, 50000), "2,048 samples at 3.6 GF each, 7.4 TF a pass");
  EXPECT_SAYS(effort_text(large, 2048, 50000), "--samples 500");
  EXPECT_SAYS(effort_text(large, 0, 3000), "3,000 samples");
  EXPECT_EQ(effort_text(large, 512, 50000), "");
  EXPECT_EQ(effort_text(large, 2048, 600), "");
  EXPECT_EQ(effort_text(small, 2048, 50000), "");
}

TEST(Diagnosis, OfALargeNetworkSaysWhatItLeftOutAndThatFewerSamplesWouldDo) {
  // 5x5 over 1,000 and more channels: a gigaflop a sample in a network of few layers.
  Sequential model({6, 6, 3}, "large");
  model.add(Conv2D{.filters = 640, .padding = Padding::same, .use_bias = false, .name = "first"},
            BatchNormalization{.name = "norm"}, Activation{relu},
            Conv2D{.filters = 900, .kernel_size = 5, .padding = Padding::same, .name = "second"},
            GlobalAveragePooling2D{}, Dense{.units = 2, .name = "head"});
  ASSERT_GE(flops_of_sample(model), kLargeFlops);
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 2}});
  reestimate_statistics(network, normal_data(64, {6, 6, 3}));
  std::vector<DiagnosisStep> steps;
  const Diagnosis d = diagnose(network, {.data = normal_data(64, {6, 6, 3})},
                               [&](const DiagnosisStep& step) { steps.push_back(step); });
  ASSERT_FALSE(d.notes.empty());
  EXPECT_SAYS(d.notes.back(), "GF a sample");
  EXPECT_SAYS(d.notes.back(), "shuffled 2 times, not 4");
  ASSERT_GT(steps.size(), 2u);
  EXPECT_TRUE(steps.back().what.empty());
  EXPECT_NEAR(steps.back().passes, d.passes, 1e-9);
  for (std::size_t i = 1; i < steps.size(); ++i) {
    EXPECT_GE(steps[i].passes, steps[i - 1].passes);
    EXPECT_GE(steps[i].expected, steps[i].passes);
  }
}

}  // namespace
}  // namespace evenkeel
