#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/nn/compile.h"
#include "evenkeel/program/probes/moments.h"
#include "tests/nn/helpers.h"
#include "tests/nn/network.h"
#include "tests/support/trial.h"

namespace evenkeel {
namespace {

TEST(CompileProbes, AccumulatesProbesOfForwardValuesAndGradients) {
  Memory memory;
  CompileOptions options = training();
  options.probes = {"hidden/output", "hidden/output/gradient"};
  options.keep = options.probes;
  Compiled network(varied_model(), options, memory);
  network.run();
  for (const std::string& name : options.probes) {
    const std::vector<double> values = network.read(name);
    const ChannelMoments moments = read_moments(memory.store, name);
    ASSERT_EQ(moments.mean.size(), 17u) << name;
    EXPECT_EQ(moments.count, 5) << name;
    double mean = 0;
    for (std::size_t i = 3; i < values.size(); i += 17) mean += values[i] / 5;
    EXPECT_NEAR(moments.mean[3], mean, 1e-6 * *std::ranges::max_element(values)) << name;
  }
}

TEST(CompileProbes, SumsUpProbesOverASmallerLastBatch) {
  Memory memory;
  CompileOptions options = training();
  options.probes = {"inner/output"};
  Compiled full(varied_model(), options, memory);
  options.batch_size = 2;
  Compiled last(varied_model(), options, memory);
  full.run();
  last.run();
  EXPECT_EQ(read_moments(memory.store, "inner/output").count, (5 + 2) * 9 * 7);
}

TEST(CompileProbes, NamesTheNearestValueOfAnUnknownProbe) {
  CompileOptions options = training();
  options.probes = {"hiden/output"};
  EXPECT_SAYS(error_of([&] { compile(varied_model(), options); }), "Did you mean \"hidden/output\"?");
}

TEST(CompileProbes, NamesTheNearestValueOfAnUnknownKeep) {
  CompileOptions options = training();
  options.keep = {"head/outputs"};
  EXPECT_SAYS(error_of([&] { compile(varied_model(), options); }), "Did you mean \"head/output\"?");
}

}  // namespace
}  // namespace evenkeel
