#include "evenkeel/diagnose/measure/weight_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evenkeel/diagnose/measure/own_network.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = WeightDefect::Kind;

std::unique_ptr<Network> network() {
  return std::make_unique<Network>(chain_model(), NetworkOptions{.seed = 5, .compute = {.threads = 1}});
}

TEST(WeightScan, FindsNothingInFreshWeights) { EXPECT_THAT(scan_weights(*network()), IsEmpty()); }

TEST(WeightScan, NamesTensorAndChannelsOfWhatIsNotFinite) {
  const auto n = network();
  change(*n, "conv/kernel", [](std::span<float> v) {
    v[3] = std::numeric_limits<float>::quiet_NaN();  // five filters: the last axis
    v[6] = std::numeric_limits<float>::infinity();
    v[8] = -std::numeric_limits<float>::infinity();
  });
  const auto defects = scan_weights(*n);
  ASSERT_EQ(defects.size(), 1u);
  EXPECT_EQ(defects[0].kind, Kind::not_finite);
  EXPECT_EQ(defects[0].tensor, "conv/kernel");
  EXPECT_THAT(defects[0].channels, ElementsAre(1, 3));
}

TEST(WeightScan, TellsTheKindsApart) {
  const auto n = network();
  change(*n, "second/moving_variance", [](std::span<float> v) {
    v[0] = -0.5f;
    v[1] = 0;
    v[2] = -1e-5f;  // epsilon is 1e-3
  });
  change(*n, "second/gamma", [](std::span<float> v) {
    v[2] = 1e-38f;
    v[3] = -5e4f;
    v[4] = 0;  // a channel that is switched off: allowed
  });
  std::vector<Kind> kinds;
  for (const WeightDefect& defect : scan_weights(*n)) kinds.push_back(defect.kind);
  EXPECT_THAT(kinds, ::testing::UnorderedElementsAre(Kind::impossible_variance, Kind::negative_variance,
                                                     Kind::zero_variance, Kind::tiny_gamma, Kind::huge_gamma));
}

TEST(WeightScan, TakesWhatMultipliesChannelsForGammaUnderAnyName) {
  Sequential model({4});
  model.add(Dense{.units = 3}, RMSNormalization{.name = "norm"}, Dense{.units = 2});
  Network n(model, {.seed = 5, .compute = {.threads = 1}});
  change(n, "norm/scale", [](std::span<float> v) { v[1] = 5e4f; });
  const auto defects = scan_weights(n);
  ASSERT_EQ(defects.size(), 1u);
  EXPECT_EQ(defects[0].kind, Kind::huge_gamma);
  change(n, "norm/scale", [](std::span<float> v) { v[1] = std::numeric_limits<float>::quiet_NaN(); });
  OwnNetwork own(n);
  const SubstitutedWeights substituted(own);
  EXPECT_EQ(n.weight("norm/scale").as<float>()[1], 1);
}

TEST(SubstitutedWeights, LetTheNetworkBeComputedAndPutTheOriginalsBack) {
  const auto n = network();
  change(*n, "second/moving_variance", [](std::span<float> v) { v[0] = -0.5f; });
  change(*n, "second/gamma", [](std::span<float> v) { v[1] = std::numeric_limits<float>::quiet_NaN(); });
  const std::vector<std::byte> before = trained_bytes(*n);
  {
    OwnNetwork own(*n);
    const SubstitutedWeights substituted(own);
    EXPECT_THAT(scan_weights(*n), IsEmpty());
    EXPECT_EQ(n->weight("second/gamma").as<float>()[1], 1);
    EXPECT_EQ(n->weight("second/moving_variance").as<float>()[0], 1);
  }
  EXPECT_EQ(trained_bytes(*n), before);
}

TEST(SubstitutedWeights, LeaveVariancesThatEpsilonMakesUpFor) {
  const auto n = network();
  change(*n, "second/moving_variance", [](std::span<float> v) { v[0] = -1e-5f; });
  OwnNetwork own(*n);
  EXPECT_FALSE(SubstitutedWeights(own).any());
  EXPECT_EQ(fatal_defects(*n), std::vector<std::string>());
}

TEST(SubstitutedWeights, TakeStatisticsOfTheDataAndLookBehindThem) {
  const auto n = network();
  change(*n, "second/moving_variance", [](std::span<float> v) { v[2] = -0.5f; });
  EXPECT_THAT(fatal_defects(*n), ElementsAre("\"second/moving_variance\" with epsilon is not above 0 in channel 2"));
  const std::vector<std::byte> before = trained_bytes(*n);
  {
    OwnNetwork own(*n);
    SubstitutedWeights substituted(own);
    std::vector<LayerStatistics> of_data = moving_statistics(*n);
    for (LayerStatistics& layer : of_data) layer.variance.assign(layer.variance.size(), 7);
    substituted.replace_statistics(of_data);
    EXPECT_EQ(n->weight("second/moving_variance").as<float>()[2], 7);
    EXPECT_EQ(n->weight("second/moving_variance").as<float>()[1], 1) << "not replaced";
    EXPECT_EQ(substituted.with_originals([&] { return trained_bytes(*n); }), before);
    EXPECT_EQ(n->weight("second/moving_variance").as<float>()[2], 7);
  }
  EXPECT_EQ(trained_bytes(*n), before);
}

}  // namespace
}  // namespace evenkeel
