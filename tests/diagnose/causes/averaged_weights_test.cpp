#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// A network whose weights lie between those of an early and a late step, with the late one's statistics: what an
/// average of the weights comes to.
struct Averaged {
  explicit Averaged(const Model& model) : network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}}) {
    const auto early = trained(model, 8), late = trained(model, 120);
    for (const WeightInfo& weight : network.weights()) {
      Tensor mean = Tensor::copy_of(late->network().weight(weight.name));
      raw->emplace_back(weight.name, mean.clone());
      const auto before = early->network().weight(weight.name).as<float>();
      if (weight.trainable)
        for (std::size_t i = 0; i < before.size(); ++i)
          mean.as<float>()[i] = 0.7f * before[i] + 0.3f * mean.as<float>()[i];
      network.set_weight(weight.name, mean);
    }
  }
  Diagnosis diagnosed_with(std::shared_ptr<const NamedTensors> weights) {
    return diagnosed(network, {.raw_weights = std::move(weights)});
  }

  Network network;
  std::shared_ptr<NamedTensors> raw = std::make_shared<NamedTensors>();
};

TEST(AveragedWeights, WithTheStatisticsOfOthersAreFound) {
  for (const Sequential& model : {small_convnet(), small_mlp()}) {
    Averaged averaged(model);
    const Diagnosis d = averaged.diagnosed_with(averaged.raw);
    const Finding* f = finding_of(d, "averaged-weights");
    ASSERT_NE(f, nullptr) << told(d);
    EXPECT_FALSE(f->layers.empty());
    EXPECT_EQ(f->severity, matters(*f->cost) ? Severity::error : Severity::warning);
    if (const Finding* stale = finding_of(d, "stale-statistics"); stale && stale->layers == f->layers) {
      EXPECT_EQ(stale->consequence_of, "averaged-weights");
    }
  }
}

TEST(AveragedWeights, CannotBeToldWithoutTheWeightsThemselves) {
  Averaged averaged(small_mlp());
  const Diagnosis d = averaged.diagnosed_with(nullptr);
  EXPECT_EQ(finding_of(d, "averaged-weights"), nullptr);
  bool said = false;
  for (const auto& [what, why] : d.unchecked) said = said || contains(why, "averages of others");
  EXPECT_TRUE(said);
}

TEST(AveragedWeights, AreNotBlamedForStatisticsOfAnotherMoment) {
  Averaged averaged(small_mlp());
  for (auto& [name, values] : *averaged.raw)
    if (name == "norm_1/moving_mean") values.as<float>()[0] += 0.001f;
  EXPECT_EQ(finding_of(averaged.diagnosed_with(averaged.raw), "averaged-weights"), nullptr);
}

TEST(AveragedWeights, WithFittingStatisticsAreFine) {
  const auto trainer = trained(small_mlp());
  auto raw = std::make_shared<NamedTensors>();
  for (const WeightInfo& weight : trainer->network().weights())
    raw->emplace_back(weight.name, Tensor::copy_of(trainer->network().weight(weight.name)));
  const Diagnosis d = diagnosed(trainer->network(), {.raw_weights = raw});
  EXPECT_EQ(finding_of(d, "averaged-weights"), nullptr) << told(d);
}

TEST(AveragedWeights, AreTheNetworksAgainAfterwards) {
  Averaged averaged(small_mlp());
  const Tensor before = Tensor::copy_of(averaged.network.weight("dense_1/kernel"));
  averaged.diagnosed_with(averaged.raw);
  EXPECT_TRUE(std::ranges::equal(before.as<float>(), averaged.network.weight("dense_1/kernel").as<float>()));
}

}  // namespace
}  // namespace evenkeel
