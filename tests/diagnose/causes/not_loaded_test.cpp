#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

using namespace activations;

/// Takes some tensors of a network of another seed.
void take_fresh(Network& network, const std::vector<std::string>& tensors, std::uint64_t seed) {
  const Network fresh(network.model(), {.seed = seed, .compute = {.threads = 1}});
  for (const std::string& tensor : tensors) network.set_weight(tensor, fresh.weight(tensor));
}

TEST(NotLoaded, NamesALayerThatIsAsItsSeedDrewIt) {
  const auto convnet = trained(small_convnet());
  take_fresh(convnet->network(), {"conv_1/kernel"}, 0);
  auto findings = judged(not_loaded, convnet->network());
  ASSERT_EQ(summaries_of(findings), Summaries{"not-loaded warning conv_1"});
  EXPECT_SAYS(findings[0].certainty.why, "bit for bit");
}

TEST(NotLoaded, NamesALayerThatAnotherSeedDrew) {
  const auto convnet = trained(small_convnet());
  take_fresh(convnet->network(), {"dense_1/kernel"}, 77);
  auto findings = judged(not_loaded, convnet->network());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].layers, std::vector<std::string>{"dense_1"});
  const auto mlp = trained(small_mlp());
  take_fresh(mlp->network(), {"head/kernel", "head/bias"}, 77);
  findings = judged(not_loaded, mlp->network());
  EXPECT_EQ(summaries_of(findings), Summaries{"not-loaded error head"}) << "which guesses";
}

TEST(NotLoaded, NamesASmallKernelWhoseNormalizationHasStatisticsOfAnother) {
  const auto convnet = trained(small_convnet());
  take_fresh(convnet->network(), {"conv_2/kernel"}, 77);
  const auto findings = judged(not_loaded, convnet->network());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].layers, std::vector<std::string>{"conv_2"});
}

TEST(NotLoaded, NamesALayerWhoseNormalizationIsAtItsDefaultsToo) {
  const auto convnet = trained(small_convnet());
  take_fresh(convnet->network(),
             {"conv_2/kernel", "norm_2/gamma", "norm_2/beta", "norm_2/moving_mean", "norm_2/moving_variance"}, 77);
  const auto findings = judged(not_loaded, convnet->network());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].layers, std::vector<std::string>{"conv_2"});
}

TEST(NotLoaded, KnowsTruncatedNormalInitializers) {
  Sequential model({28, 28, 1}, "he");
  const Initializer he = Initializer::he_normal();
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{},
            Dense{.units = 24, .activation = relu, .kernel_initializer = he, .name = "hidden"},
            Dense{.units = 16, .activation = relu, .kernel_initializer = he, .name = "next"},
            Dense{.units = 10, .kernel_initializer = Initializer::truncated_normal(0.1), .name = "head"});
  const auto trainer = trained(model);
  EXPECT_EQ(summaries_of(judged(not_loaded, trainer->network())), Summaries());
  take_fresh(trainer->network(), {"next/kernel", "next/bias"}, 77);
  const auto findings = judged(not_loaded, trainer->network());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].layers, std::vector<std::string>{"next"});
}

TEST(NotLoaded, IsNoErrorByTheLossOfOneClass) {
  const auto trainer = trained(small_convnet());
  take_fresh(trainer->network(), {"conv_1/kernel"}, trainer->network().options().seed);
  const Dataset nines = one_class(small_data().train, 9);
  EXPECT_EQ(summaries_of(judged_on(not_loaded, trainer->network(), {.data = nines})),
            Summaries{"not-loaded warning conv_1"});
}

TEST(NotLoaded, SaysNothingOfTrainedNetworks) {
  for (const Sequential& model : small_models())
    for (const std::int64_t steps : {10, 120}) {
      const auto trainer = trained(model, steps);
      EXPECT_EQ(summaries_of(judged(not_loaded, trainer->network())), Summaries())
          << model.name() << " after " << steps << " steps";
    }
}

TEST(NotLoaded, SaysNothingOfANetworkThatNobodyHasTrained) {
  for (const Sequential& model : small_models()) {
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .seed = 5, .compute = {.threads = 1}});
    EXPECT_EQ(summaries_of(judged(not_loaded, network)), Summaries()) << model.name();
  }
}

TEST(NotLoaded, SaysNothingOfLargeKernelsThatHardlyMove) {
  Sequential model({28, 28, 1}, "wide");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 700, .activation = relu, .name = "wide"},
            Dense{.units = 10, .name = "head"});
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0.01}, .batch_size = 50, .compute = {.threads = 1}});
  trainer.fit(small_data().train, {.steps = 5});
  // Another layer has certainly left its initializer.
  change(trainer.network(), "head/kernel", [](auto values) {
    for (float& w : values) w *= 2;
  });
  EXPECT_EQ(summaries_of(judged(not_loaded, trainer.network())), Summaries());
}

}  // namespace
}  // namespace evenkeel
