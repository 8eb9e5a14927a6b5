#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "tests/diagnose/helpers.h"

// Known networks without training, on noise. `make doctor-families` asks about all families, after some training.

namespace evenkeel {
namespace {

/// The layers of each finding about moving statistics, with its code.
std::vector<std::pair<std::string, std::vector<std::string>>> found_in(Network& network, const Dataset& data) {
  std::vector<std::pair<std::string, std::vector<std::string>>> found;
  for (const Finding& f : cheap_findings(network, {.data = data, .train_data = data}))
    if (code_info(f.code).of_statistics != OfStatistics::no && f.severity > Severity::info)
      found.emplace_back(f.code, f.layers);
  return found;
}

class StaleStatisticsIn : public testing::TestWithParam<const char*> {};

/// Three layers have wrong statistics in turn. Their neighbours, in branches and behind them, are not blamed.
TEST_P(StaleStatisticsIn, AFamilyAreFoundInTheirLayerAlone) {
  const Dataset data = normal_data(100, {32, 32, 3}, 128, 60);
  Network network(make_architecture(GetParam(), {.input = Shape{32, 32, 3}, .classes = 2}).model,
                  {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  const std::vector<LayerStatistics> right = reestimate_statistics(network, data).after;
  EXPECT_THAT(found_in(network, data), testing::IsEmpty());
  for (const std::size_t i : {right.size() / 4, right.size() / 2, right.size() * 3 / 4}) {
    std::vector<LayerStatistics> wrong = right;
    for (std::size_t c = 0; c < wrong[i].mean.size(); ++c)
      wrong[i].mean[c] += (c % 2 ? -2 : 2) * std::sqrt(wrong[i].variance[c]);
    set_moving_statistics(network, wrong);
    EXPECT_THAT(found_in(network, data),
                testing::ElementsAre(testing::Pair("stale-statistics", std::vector<std::string>{right[i].layer})));
  }
}

INSTANTIATE_TEST_SUITE_P(Known, StaleStatisticsIn,
                         testing::Values("resnet20", "shufflenet_v2_x0_5", "mobilenet_v2", "mobilenet_v3_small",
                                         "mnasnet0_5", "efficientnet_b0", "regnet_y_400mf"),
                         [](const auto& known) { return std::string(known.param); });

}  // namespace
}  // namespace evenkeel
