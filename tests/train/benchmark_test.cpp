#include "evenkeel/train/benchmark.h"

#include <gtest/gtest.h>

#include "evenkeel/data/strokes.h"
#include "evenkeel/train/evaluate.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

Model small_model() {
  Model model({28, 28, 1}, "small");
  model.append(Conv2D{.filters = 4, .kernel_size = 3, .strides = 2});
  model.append(Flatten{});
  model.append(Dense{.units = 10});
  return model;
}

const NetworkOptions kOptions{.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}, .compute = {.threads = 1}};

TEST(Timing, HasTheMedianOfAnEvenCountBetweenTheMiddleOnes) {
  EXPECT_DOUBLE_EQ((Timing{.ms = {4, 1, 2, 30}}).median(), 3);
}

TEST(Timing, HasQuantilesFromTheShortestToTheLongest) {
  const Timing timing{.ms = {3, 1, 2}};
  EXPECT_DOUBLE_EQ(timing.quantile(0), 1);
  EXPECT_DOUBLE_EQ(timing.quantile(0.75), 2.5);
  EXPECT_DOUBLE_EQ(timing.quantile(1), 3);
}

TEST(Benchmark, TimesAsManyStepsAsAsked) {
  const auto result = benchmark(small_model(), {.network = kOptions, .batch_size = 4, .steps = 3});
  EXPECT_EQ(result.step.ms.size(), 3u);
  EXPECT_EQ(result.evaluate.ms.size(), 3u);
}

TEST(Benchmark, CountsTheArithmeticOfTheStepAgainstThePeak) {
  BenchmarkResult result;
  PlanLine line;
  line.flops = 50e6;
  result.lines = {line};
  result.step.ms = {2};
  result.roofline.gflops = 100;
  EXPECT_DOUBLE_EQ(result.peak_share(), 0.25);
}

TEST(Benchmark, MeasuresARegression) {
  NetworkOptions options = kOptions;
  options.loss = MeanSquaredError{};
  EXPECT_NO_THROW(BenchmarkRun(small_model(), options, 4, true).step());
}

TEST(Benchmark, RefusesABatchOfNothing) {
  EXPECT_SAYS(error_of([] { BenchmarkRun(small_model(), kOptions, 0, true); }), "at least 1");
}

// A batch whose values need more memory than there is; here the limit is made small.

NetworkOptions limited() {
  NetworkOptions options = kOptions;
  options.compute.memory_limit = 10'000;
  return options;
}

TEST(MemoryLimit, StopsABenchmarkBeforeItsBatchIsMade) {
  // The batch alone would be 3 TB.
  EXPECT_SAYS(error_of([] { BenchmarkRun(small_model(), kOptions, 1'000'000'000, false); }), "bytes needed");
}

TEST(MemoryLimit, StopsATrainerBeforeItsFirstStep) {
  Trainer trainer(small_model(), {.batch_size = 32, .compute = {.threads = 1, .memory_limit = 10'000}});
  EXPECT_SAYS(error_of([&] { trainer.prepare(make_strokes(false, 64)); }), "at most the 10,000 bytes");
}

TEST(MemoryLimit, StopsAnEvaluation) {
  Network network(small_model(), limited());
  EXPECT_SAYS(error_of([&] { evaluate(network, make_strokes(false, 64)); }), "Choose a smaller batch");
}

TEST(MemoryLimit, StopsAPrediction) {
  Network network(small_model(), limited());
  EXPECT_SAYS(error_of([&] { predict(network, make_strokes(false, 64)); }), "bytes needed");
}

TEST(MemoryLimit, LetsASmallerBatchPass) {
  NetworkOptions options = kOptions;
  options.compute.memory_limit = 1'000'000;
  Network network(small_model(), options);
  EXPECT_EQ(predict(network, make_strokes(false, 64), {.batch_size = 8}).classes.shape()[0], 64);
}

}  // namespace
}  // namespace evenkeel
