#include "tests/diagnose/causes/judged.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

template <class... Layers>
Sequential ending_in(Layers... layers) {
  Sequential model({28, 28, 1}, "ending");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .use_bias = false},
            BatchNormalization{.momentum = 0.9}, Activation{relu}, Flatten{}, std::move(layers)...);
  return model;
}

const Finding* found_in(const Diagnosis& d) { return finding_of(d, "double-softmax"); }

TEST(DoubleSoftmax, IsFoundInTwoLayers) {
  const auto trainer = trained(ending_in(Dense{.units = 10, .activation = softmax, .name = "probabilities"},
                                         Activation{.activation = softmax, .name = "again"}));
  const Diagnosis d = diagnosed(trainer->network());
  const Finding* f = found_in(d);
  ASSERT_NE(f, nullptr) << told(d);
  EXPECT_EQ(f->layers, (std::vector<std::string>{"probabilities", "again"}));
}

TEST(DoubleSoftmax, IsFoundWhereTheLossAddsTheSecondOne) {
  const auto trainer = trained(ending_in(Dense{.units = 10, .activation = softmax, .name = "probabilities"},
                                         Dropout{.rate = 0.1, .name = "drop"}));
  const Diagnosis d = diagnosed(trainer->network());
  const Finding* f = found_in(d);
  ASSERT_NE(f, nullptr) << told(d);
  EXPECT_EQ(f->layers, std::vector<std::string>{"probabilities"});
  EXPECT_SAYS(f->cause, "the loss applies a softmax");
}

TEST(DoubleSoftmax, IsFoundBehindEveryNoise) {
  for (const Layer& noise : {Layer(Dropout{.rate = 0.1}), Layer(Uout{}), Layer(SpatialDropout2D{.rate = 0.1}),
                             Layer(GaussianDropout{.rate = 0.1}), Layer(AlphaDropout{.rate = 0.1})}) {
    Model model({28, 28, 1}, "noisy");
    model.append(Conv2D{.filters = 10, .kernel_size = 28, .activation = softmax, .name = "probabilities"});
    model.append(noise);
    model.append(Flatten{});
    Network network(model, {.loss = SoftmaxCrossEntropy{}});
    const auto findings = judged(double_softmax, network);
    ASSERT_EQ(findings.size(), 1u) << noise.type();
    EXPECT_EQ(findings[0].layers, std::vector<std::string>{"probabilities"}) << noise.type();
  }
}

TEST(DoubleSoftmax, IsAnErrorWhereScoresAreFarTooFlat) {
  // Trained with one softmax: the second one hides how sure the network is.
  const auto trainer = trained(ending_in(Dense{.units = 10, .activation = softmax, .name = "probabilities"}));
  Network network(ending_in(Dense{.units = 10, .activation = softmax, .name = "probabilities"},
                            Activation{.activation = softmax, .name = "again"}),
                  {.loss = SoftmaxCrossEntropy{}});
  for (const WeightInfo& weight : network.weights())
    network.set_weight(weight.name, trainer->network().weight(weight.name));
  const Diagnosis d = diagnosed(network);
  const Finding* f = found_in(d);
  ASSERT_NE(f, nullptr) << told(d);
  EXPECT_EQ(f->severity, Severity::error);
  ASSERT_FALSE(f->evidence.empty());
  EXPECT_LT(f->evidence[0].value, 0.5) << "temperature";
}

TEST(DoubleSoftmax, IsNotASoftmaxThatTheLossRecognizes) {
  for (const Sequential& model : {ending_in(Dense{.units = 10, .activation = softmax}),
                                  ending_in(Dense{.units = 10}, Activation{softmax}), ending_in(Dense{.units = 10})}) {
    const Diagnosis d = diagnosed(trained(model)->network());
    EXPECT_EQ(found_in(d), nullptr) << told(d);
  }
}

TEST(DoubleSoftmax, IsNotAttentionInTheMiddle) {
  const auto trainer = trained(ending_in(Dense{.units = 16, .activation = softmax}, Dense{.units = 10}), 20);
  EXPECT_EQ(found_in(diagnosed(trainer->network())), nullptr);
}

}  // namespace
}  // namespace evenkeel
