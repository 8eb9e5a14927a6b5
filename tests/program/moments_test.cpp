#include "evenkeel/program/probes/moments.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"
#include "evenkeel/base/philox.h"
#include "evenkeel/program/ops/elementwise.h"
#include "tests/program/session.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kChannels = 3;

/// y = 2 x + 1 over a batch of images, y probed. Programs of several batch sizes share a store.
struct Probed {
  Probed(std::int64_t batch_size, Store& store, Arena& arena) {
    program.set_label("l");
    const Value x = program.input("x", {batch_size, 2, 2, kChannels}, DType::float32);
    const Value y = program.emit_one(ops::ScaleOffset(2, 1), {x}, "y");
    probe_moments(program, y);
    program.keep(program.emit_one(ops::Multiply(), {y, y}, "square"));
    finish(program);
    executor = std::make_unique<Executor>(program, store, arena, threads);
  }
  void run(const Tensor& x) {
    executor->bind("x", x);
    executor->run({});
  }
  Program program;
  Threads threads{2};
  std::unique_ptr<Executor> executor;
};

Tensor batch_of(std::int64_t size, std::uint32_t index) {
  Tensor batch({size, 2, 2, kChannels}, DType::float32);
  RandomStream stream({.seed = 9, .purpose = Purpose::study, .index = index});
  for (float& x : batch.as<float>()) x = static_cast<float>(30 + stream.normal());
  return batch;
}

/// Count, mean and biased variance of 2 x + 1 for one channel, directly.
struct Direct {
  double count = 0, mean = 0, variance = 0;
  Direct(const std::vector<const Tensor*>& batches, std::size_t channel) {
    std::vector<double> values;
    for (const Tensor* batch : batches) {
      const auto x = batch->as<float>();
      for (std::size_t i = channel; i < x.size(); i += kChannels) values.push_back(double{2 * x[i] + 1});
    }
    count = static_cast<double>(values.size());
    for (const double v : values) mean += v / count;
    for (const double v : values) variance += (v - mean) * (v - mean) / count;
  }
};

void expect_moments(const Store& store, const std::vector<const Tensor*>& batches) {
  const ChannelMoments moments = read_moments(store, "l/y");
  ASSERT_EQ(moments.mean.size(), std::size_t{kChannels});
  for (std::size_t c = 0; c < kChannels; ++c) {
    const Direct direct(batches, c);
    EXPECT_EQ(moments.count, direct.count);
    EXPECT_NEAR(moments.mean[c], direct.mean, 1e-6 * std::abs(direct.mean));
    EXPECT_NEAR(moments.variance[c], direct.variance, 1e-5 * direct.variance);
  }
}

TEST(Probe, MeasuresTheMomentsOfOneBatch) {
  Store store;
  Arena arena;
  Probed program(5, store, arena);
  const Tensor batch = batch_of(5, 0);
  program.run(batch);
  expect_moments(store, {&batch});
}

TEST(Probe, AccumulatesOverADataSetWithASmallerLastBatch) {
  Store store;
  Arena arena;
  Probed program(5, store, arena), last(3, store, arena);
  const Tensor a = batch_of(5, 0), b = batch_of(5, 1), c = batch_of(3, 2);
  program.run(a);
  program.run(b);
  last.run(c);
  expect_moments(store, {&a, &b, &c});
}

TEST(Probe, StartsAnewAfterAReset) {
  Store store;
  Arena arena;
  Probed program(5, store, arena);
  const Tensor a = batch_of(5, 0), b = batch_of(5, 1);
  program.run(a);
  reset_probes(store);
  program.run(b);
  expect_moments(store, {&b});
}

TEST(Probe, ReadsAValueBeforeItsMemoryIsReused) {
  Program program;
  const Value x = program.input("x", {4, kChannels}, DType::float32);
  const Value y = program.emit_one(ops::ScaleOffset(2, 1), {x}, "l/y");
  program.keep(program.emit_one(ops::ScaleOffset(0, 0), {y}, "l/zero"));
  probe_moments(program, y);
  EXPECT_EQ(kinds_of(program), (std::vector<std::string>{"scale_offset", "accumulate_moments", "scale_offset"}));
  finish(program);
  EXPECT_EQ(program.memory.arena_bytes, static_cast<std::int64_t>(kAlignment)) << "the probe lengthened y's life";
}

TEST(Probe, MeasuresAnInputToo) {
  Session run;
  const Value x = run.input("x", {2, 1});
  probe_moments(run.program, x);
  const Tensor values = floats({2, 1}, {1, 4});
  run.bind("x", values);
  run.go();
  const ChannelMoments moments = read_moments(run.store, "x");
  EXPECT_DOUBLE_EQ(moments.mean[0], 2.5);
  EXPECT_DOUBLE_EQ(moments.variance[0], 2.25);
}

TEST(Probe, RefusesToReadAValueThatIsNotProbed) {
  const Store store;
  EXPECT_THROW(read_moments(store, "l/y"), Error);
}

}  // namespace
}  // namespace evenkeel
